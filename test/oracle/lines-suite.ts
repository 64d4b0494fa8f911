import { describe, expect, test } from 'vitest'
import { exampleLine, pick, tablesOf } from './build.ts'
import { parseJson } from './json.ts'
import { moneyOf } from './money.ts'
import { testSettings } from './settings.ts'
import { formatTime, parseTime } from './time.ts'

const time = (text: string) => formatTime(parseTime(text)!)
const on = (clock: string) => time(`2025-03-01T${clock}Z`)

/** From lines to events: what is refused, and how the rest is read. */
export function testLines(): void {
  describe('lines', () => {
    test.each([
      ['not JSON', 'UNREADABLE'],
      ['[]', 'UNREADABLE'],
      ['{"type":"ping","userId":"u1"}', 'UNKNOWN_TYPE'],
      ['{"userId":"u1"}', 'UNKNOWN_TYPE'],
      ['{"type":"page","userId":{}}', 'WRONG_TYPE'],
      ['{"type":"page","context":{"page":[]}}', 'WRONG_TYPE'],
      ['{"type":"page","anonymousId":" NULL ","userId":0}', 'NO_ID'],
      ['{"type":"page","userId":"u1","timestamp":"2025-02-30T00:00:00Z"}', 'NO_TIME'],
      [exampleLine({ at: '2025-03-02T00:00:00.000001Z', receivedAt: '2025-03-01T00:00:00Z', user: 'u1' }), 'FUTURE'],
      [exampleLine({ at: '10:00', receivedAt: '2025-06-02T00:00:00.000001Z', user: 'u1' }), 'FUTURE'],
      [exampleLine({ at: '2004-12-31T23:59:59.999999Z', user: 'u1' }), 'PAST'],
    ])('%s is refused', (line, reason) => {
      expect(tablesOf([line]).quarantine).toEqual([{ reason, count: 1 }])
    })

    test('the limits themselves are accepted, and empty lines are nothing', () => {
      const tables = tablesOf([
        { at: '2025-03-02T00:00:00Z', receivedAt: '2025-03-01T00:00:00Z', user: 'u1' },
        { at: '10:00', receivedAt: '2025-06-02T00:00:00Z', user: 'u1' },
        { at: '2005-01-01T00:00:00Z', user: 'u1' },
        '',
        ' \t',
      ])
      expect(tables.quarantine).toEqual([])
      expect(tables.events).toHaveLength(3)
    })

    test.each([
      ['2025-03-01T10:00:00Z', '2025-03-01T10:00:00.000000Z'],
      ['2025-03-01 10:00:00.1234567', '2025-03-01T10:00:00.123456Z'],
      ['2025-03-01T12:30:00+02:30', '2025-03-01T10:00:00.000000Z'],
      ['2025-03-01T00:00:00-0130', '2025-03-01T01:30:00.000000Z'],
    ])('%s is a time', (text, expected) => expect(time(text)).toBe(expected))

    test('a time is corrected for the clock of the device', () => {
      const clock = '"originalTimestamp":"2025-03-02T10:00:00Z","sentAt":"2025-03-02T10:00:05Z"'
      const { events } = tablesOf([`{"type":"identify","userId":7,${clock},"receivedAt":"2025-03-01T10:00:06Z"}`])
      expect(events).toMatchObject([{ occurred_at: on('10:00:01'), received_at: on('10:00:06'), user_id: '7' }])
    })

    test('ids are trimmed, and ignored ones are absent', () => {
      const ignoring = { identity: { ...testSettings.identity, ignoreIds: ['Nobody'] } }
      const { events } = tablesOf([{ at: '10:00', device: ' d1 ', user: 'NOBODY' }], ignoring)
      expect(events).toMatchObject([{ anonymous_id: 'd1', user_id: null }])
    })

    test('of copies the one received first wins', () => {
      const { events } = tablesOf([
        { at: '10:00', receivedAt: '10:02', device: 'd1', id: 'm' },
        { at: '10:05', receivedAt: '10:01', device: 'd2', id: ' m ' },
      ])
      expect(pick(events, ['anonymous_id', 'event_id'])).toEqual([['d2', 'm']])
    })

    test('URL, campaign and personal ids', () => {
      const { events } = tablesOf([
        {
          at: '10:00',
          device: 'd1',
          url: 'https://me@LocalHost:8080?UTM_source=a+b%20c&utm_source=z&utm_medium=%zz&mail=x&to=ana%40x.test&gclid=1#f',
          referrer: 'https://www.paypal.com/pay',
        },
      ])
      expect(events).toMatchObject([
        {
          page_host: 'localhost',
          page_path: '/',
          page_url:
            'https://me@LocalHost:8080?UTM_source=a+b%20c&utm_source=z&utm_medium=%zz&mail=&to=[email]&gclid=1#f',
          utm_source: 'a b c',
          utm_medium: '%zz',
          click_id: 'gclid',
          raw_referrer_host: 'www.paypal.com',
          referrer_host: null,
        },
      ])
    })

    test('the first exclusion is recorded, and excluded events do nothing', () => {
      const exclude = {
        bots: true,
        userIds: ['staff'],
        hosts: ['x.test'],
        paths: ['/in_ernal/%'],
        events: ['Heart Beat'],
      }
      const { events, people } = tablesOf(
        [
          { at: '10:00', device: 'd1', user: 'staff', userAgent: 'a bot' },
          { at: '10:01', device: 'd1', user: 'staff', url: 'https://x.test/' },
          { at: '10:02', device: 'd1', url: 'https://www.x.test/internal/a' },
          { at: '10:03', device: 'd1', url: 'https://acme.test/internal/a' },
          { at: '10:04', device: 'd1', track: 'heart-beat!' },
        ],
        { exclude },
      )
      expect(pick(events, ['occurred_at', 'excluded_reason']).map(([, reason]) => reason)).toEqual([
        'BOT',
        'USER',
        'HOST',
        'PATH',
        'EVENT',
      ])
      expect(people).toEqual([])
    })
  })

  describe('values', () => {
    const money = (properties: string) =>
      moneyOf(parseJson(properties) as Record<string, unknown>, testSettings.conversions.purchase!)

    test.each([
      ['{"revenue":"1.005"}', 101n, 'USD'],
      ['{"revenue":"-1.005"}', -101n, 'USD'],
      ['{"revenue":-0.0049}', 0n, 'USD'],
      ['{"revenue":" .5 ","currency":" jpy "}', 1n, 'JPY'],
      ['{"revenue":"+2.","currency":"KWD"}', 2000n, 'KWD'],
      ['{"revenue":1.0005,"currency":""}', 100n, 'USD'],
      ['{"revenue":5.684341886080802e-14}', 0n, 'USD'],
      ['{"revenue":-1e-7}', 0n, 'USD'],
      ['{"revenue":""}', null, null],
      ['{"currency":"ZZZ"}', null, null],
    ])('%s', (properties, value, currency) => {
      expect(money(properties)).toEqual({ value, currency, valueProblem: null })
    })

    test.each([
      ['{"revenue":"1e3"}', 'NOT_A_NUMBER'],
      ['{"revenue":"."}', 'NOT_A_NUMBER'],
      ['{"revenue":"1,000"}', 'NOT_A_NUMBER'],
      ['{"revenue":true}', 'NOT_A_NUMBER'],
      ['{"revenue":1234567890123456}', 'OUT_OF_RANGE'],
      ['{"revenue":100000000000000000000}', 'OUT_OF_RANGE'],
      ['{"revenue":1.5e300}', 'OUT_OF_RANGE'],
      ['{"revenue":"123456789e-7"}', 'NOT_A_NUMBER'],
      ['{"revenue":1,"currency":"ZZZ"}', 'UNKNOWN_CURRENCY'],
    ])('%s cannot be used', (properties, valueProblem) => {
      expect(money(properties)).toEqual({ value: null, currency: null, valueProblem })
    })
  })
}
