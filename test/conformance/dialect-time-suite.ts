import { describe, expect } from 'vitest'
import { sql } from '../../src/warehouses/sql.ts'
import { evaluate, expectEach, type KnownFailures, type Open, openedFor, tester } from './suite.ts'

/** Times: what the helpers mean, by value. */
export function testDialectTimes(open: Open, known?: KnownFailures): void {
  describe('times', () => {
    const use = openedFor(open)
    const test = tester(known)

    const truncated = {
      hour: [
        ['2025-01-05T23:59:59.999999Z', '2025-01-05T23:00:00.000000Z'],
        ['1969-12-31T23:59:59.999999Z', '1969-12-31T23:00:00.000000Z'],
      ],
      day: [
        ['2025-01-05T23:59:59.999999Z', '2025-01-05T00:00:00.000000Z'],
        ['2025-01-06T00:00:00.000000Z', '2025-01-06T00:00:00.000000Z'],
        ['1969-12-31T00:00:00.000001Z', '1969-12-31T00:00:00.000000Z'],
      ],
      week: [
        ['2025-01-05T23:59:59.999999Z', '2024-12-30T00:00:00.000000Z'], // a Sunday belongs to the Monday before
        ['2025-01-06T00:00:00.000000Z', '2025-01-06T00:00:00.000000Z'],
        ['2024-02-29T12:34:56.789000Z', '2024-02-26T00:00:00.000000Z'],
        ['1969-12-31T23:59:59.999999Z', '1969-12-29T00:00:00.000000Z'],
      ],
      month: [
        ['2025-01-31T23:59:59.999999Z', '2025-01-01T00:00:00.000000Z'],
        ['2024-02-29T12:34:56.789000Z', '2024-02-01T00:00:00.000000Z'],
        ['1969-12-31T23:59:59.999999Z', '1969-12-01T00:00:00.000000Z'],
      ],
    } as const
    for (const [unit, cases] of Object.entries(truncated)) {
      test(`dateTrunc: ${unit}`, () => {
        const { dialect: d } = use()
        return expectEach(use(), 'timestamp', [...cases, [null, null]], d.dateTrunc(unit as 'hour', 'v'))
      })
    }

    test('localTime: the clock on the wall, over daylight saving in both directions', async () => {
      const cases = [
        ['2025-03-30T00:59:59.999999Z', 'Europe/Berlin', '2025-03-30T01:59:59.999999Z'],
        ['2025-03-30T01:00:00.000000Z', 'Europe/Berlin', '2025-03-30T03:00:00.000000Z'],
        ['2025-10-26T00:30:00.000000Z', 'Europe/Berlin', '2025-10-26T02:30:00.000000Z'],
        ['2025-10-26T01:30:00.000000Z', 'Europe/Berlin', '2025-10-26T02:30:00.000000Z'],
        ['2025-03-09T06:59:59.000000Z', 'America/New_York', '2025-03-09T01:59:59.000000Z'],
        ['2025-03-09T07:00:00.000000Z', 'America/New_York', '2025-03-09T03:00:00.000000Z'],
        ['2025-11-02T06:30:00.000000Z', 'America/New_York', '2025-11-02T01:30:00.000000Z'],
        ['2025-01-01T00:00:00.000000Z', 'Asia/Kathmandu', '2025-01-01T05:45:00.000000Z'],
        ['2025-01-01T00:00:00.000000Z', 'Pacific/Kiritimati', '2025-01-01T14:00:00.000000Z'],
        ['2025-01-01T00:00:00.000000Z', 'UTC', '2025-01-01T00:00:00.000000Z'],
        [null, 'UTC', null],
      ] as const
      const rows = cases.map(([t, zone]) => ({ t, zone }))
      const types = { t: 'timestamp', zone: 'string' } as const
      const results = await evaluate(use(), types, rows, use().dialect.localTime('t', 'zone'))
      expect(cases.map(([t, zone], i) => [t, zone, results[i]])).toEqual(cases)
    })

    test('localTime and dateTrunc with bound values: a local day', async () => {
      const { dialect: d } = use()
      const local = d.localTime(sql.timestamp('2025-06-30T22:30:00Z'), sql`${'Europe/Berlin'}`)
      expect(await use().query(sql`select ${d.dateTrunc('day', local)} as local_day`)).toEqual([
        { local_day: '2025-07-01T00:00:00.000000Z' },
      ])
    })

    test('microsecondsBetween: negative when the end is earlier', async () => {
      const cases = [
        ['2025-01-01T00:00:00.000000Z', '2025-01-01T00:00:00.000001Z', 1],
        ['2025-01-01T00:00:00.000001Z', '2025-01-01T00:00:00.000000Z', -1],
        ['2025-01-01T00:00:00.900000Z', '2025-01-01T00:00:01.100000Z', 200_000],
        ['2025-01-01T10:00:00.000000Z', '2025-01-01T10:30:00.000001Z', 1_800_000_001],
        ['1969-12-31T23:59:59.999999Z', '2025-01-01T00:00:00.500000Z', 1_735_689_600_500_001],
        [null, '2025-01-01T00:00:00.000000Z', null],
      ] as const
      const rows = cases.map(([start, stop]) => ({ start, stop }))
      const types = { start: 'timestamp', stop: 'timestamp' } as const
      const results = await evaluate(use(), types, rows, use().dialect.microsecondsBetween('start', 'stop'))
      expect(cases.map(([start, stop], i) => [start, stop, results[i]])).toEqual(cases)
    })

    test('addMicroseconds: forwards, backwards, over days and decades', async () => {
      const cases = [
        ['2025-01-01T00:00:00.000001Z', 1, '2025-01-01T00:00:00.000002Z'],
        ['2025-01-01T00:00:00.000000Z', -1, '2024-12-31T23:59:59.999999Z'],
        ['2024-02-28T23:59:59.999999Z', 1, '2024-02-29T00:00:00.000000Z'],
        ['2025-01-01T00:00:00.000001Z', 86_400_000_001, '2025-01-02T00:00:00.000002Z'],
        ['1999-12-24T23:59:59.999999Z', -946_080_000_000_000, '1969-12-31T23:59:59.999999Z'],
        ['2025-01-01T00:00:00.000000Z', null, null],
      ] as const
      const rows = cases.map(([t, n]) => ({ t, n }))
      const types = { t: 'timestamp', n: 'integer' } as const
      const results = await evaluate(use(), types, rows, use().dialect.addMicroseconds('t', 'n'))
      expect(cases.map(([t, n], i) => [t, n, results[i]])).toEqual(cases)
    })

    test('epochMicroseconds', () =>
      expectEach(
        use(),
        'timestamp',
        [
          ['1970-01-01T00:00:00.000000Z', 0],
          ['1969-12-31T23:59:59.999999Z', -1],
          ['2025-01-01T00:00:00.000001Z', 1_735_689_600_000_001],
          [null, null],
        ],
        use().dialect.epochMicroseconds('v'),
      ))

    test('now: UTC, and the type of a time', async () => {
      const { dialect: d } = use()
      await use().stage('clock', sql`select ${d.now()} as t`)
      const [row] = await use().query<{ t: string }>(sql`select t from ${sql.staging('clock')}`)
      // Half an hour leaves room for a slow engine and its clock, and none for a time zone.
      expect(Math.abs(Date.parse(row!.t) - Date.now())).toBeLessThan(29 * 60_000)
    })

    test('sql.timestamp: compared with a column to the microsecond', async () => {
      const t = '2025-01-01T11:10:00.000001Z'
      const rows = [{ v: '2025-01-01T11:10:00.000000Z' }, { v: t }, { v: '2025-01-01T11:10:00.000002Z' }]
      const compared = sql`case when v < ${sql.timestamp(t)} then 'less' when v = ${sql.timestamp(t)} then 'equal' else 'more' end`
      expect(await evaluate(use(), { v: 'timestamp' }, rows, compared)).toEqual(['less', 'equal', 'more'])
      const bound = await use().query(sql`select v from ${sql.staging('inputs')} where v = ${sql.timestamp(t)}`)
      expect(bound).toEqual([{ v: t }])
    })

    const midnight = '2025-01-02T00:00:00.000000Z'
    test('parseTime: forms of ISO 8601', () =>
      expectEach(
        use(),
        'string',
        [
          ['2025-01-02T03:04:05.123456Z', '2025-01-02T03:04:05.123456Z'],
          ['2025-01-02 03:04:05.123456', '2025-01-02T03:04:05.123456Z'],
          ['2025-01-02t03:04:05z', '2025-01-02T03:04:05.000000Z'],
          ['2025-01-02T03:04:05.1Z', '2025-01-02T03:04:05.100000Z'],
          ['2025-01-02 03:04', '2025-01-02T03:04:00.000000Z'],
          ['2025-01-02T03:04', '2025-01-02T03:04:00.000000Z'],
          ['  2025-01-02T03:04:05Z ', '2025-01-02T03:04:05.000000Z'],
          ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00.000000Z'],
          ['1969-12-31T23:59:59Z', '1969-12-31T23:59:59.000000Z'],
          ['9999-12-31T23:59:59.999999Z', '9999-12-31T23:59:59.999999Z'],
          [null, null],
        ],
        use().dialect.parseTime('v'),
      ))

    test('parseTime: offsets', () =>
      expectEach(
        use(),
        'string',
        [
          ['2025-01-02T01:00:00+01:00', midnight],
          ['2025-01-01T18:30:00-0530', midnight],
          ['2025-01-02T14:00:00+14', midnight],
          ['2025-01-01T12:00:00-12:00', midnight],
          ['2025-01-02T05:45:00.000000+05:45', midnight],
          ['2025-01-02T00:00:00-00:00', midnight],
          ['2025-03-01T00:30:00+01:00', '2025-02-28T23:30:00.000000Z'],
        ],
        use().dialect.parseTime('v'),
      ))

    test('parseTime: digits finer than microseconds are cut, not rounded', () =>
      expectEach(
        use(),
        'string',
        [
          ['2025-01-02T03:04:05.1234569Z', '2025-01-02T03:04:05.123456Z'],
          ['2025-01-02T03:04:05.999999999', '2025-01-02T03:04:05.999999Z'],
          ['2025-01-02T03:04:05.9999999+01:00', '2025-01-02T02:04:05.999999Z'],
          ['2025-01-02T03:04:05.123456789123456789Z', '2025-01-02T03:04:05.123456Z'],
          ['1969-12-31T23:59:59.9999999Z', '1969-12-31T23:59:59.999999Z'],
        ],
        use().dialect.parseTime('v'),
      ))

    test('parseTime: what is no time', () =>
      expectEach(
        use(),
        'string',
        [
          ...['', ' ', 'now', 'today', 'epoch', 'infinity', '-infinity', '1735787045', '2025-01-02', '03:04:05'],
          ...['2025-02-30T00:00:00Z', '2025-02-30T00:00:00+01:00', '2025-02-29T00:00:00Z', '2025-13-01T00:00:00Z'],
          ...['2025-00-01T00:00:00Z', '2025-01-00T00:00:00Z', '2025-01-32T00:00:00Z'],
          ...['2025-01-02T24:00:00Z', '2025-01-02T23:60:00Z', '2025-01-02T23:59:60Z', '2025-1-2T03:04:05Z'],
          ...[
            '2025-01-02T03:04:05.Z',
            '2025-01-02T03:04:05+1',
            '2025-01-02T03:04:05 Europe/Berlin',
            '20250102T030405Z',
          ],
          ...['2025-01-02T03:04:05Z and more', '2025-01-02T03:04:05Z\n2025-01-02T03:04:05Z', '２025-01-02T03:04:05Z'],
        ].map((text) => [text, null] as const),
        use().dialect.parseTime('v'),
      ))

    test('parseTime: hours and minutes with an offset', () =>
      expectEach(
        use(),
        'string',
        [
          ['2025-01-02T00:00Z', midnight],
          ['2025-01-02 01:00+01:00', midnight],
        ],
        use().dialect.parseTime('v'),
      ))

    test('parseTime: offsets that no place has', () =>
      expectEach(
        use(),
        'string',
        ['2025-01-02T03:04:05+25:00', '2025-01-02T03:04:05+01:99', '2025-01-02T03:04:05-99'].map(
          (text) => [text, null] as const,
        ),
        use().dialect.parseTime('v'),
      ))

    test('parseTime: white space at the ends is that of trim', () =>
      expectEach(
        use(),
        'string',
        [
          ['\t2025-01-02T00:00:00Z\r\n', midnight],
          ['\u00a02025-01-02T00:00:00Z', null],
        ],
        use().dialect.parseTime('v'),
      ))
  })
}
