import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sql } from '../../src/warehouses/sql.ts'
import type { Row, Warehouse } from '../../src/warehouses/warehouse.ts'
import { Bench, good, type Refused } from './bad-input-bench.ts'
import { lineCases } from './bad-input-lines.ts'
import { type KnownFailures, tester } from './suite.ts'

/** The cases in one file, a good line behind each, so that the case with number `i` stands on line `2i + 1`. */
const file = lineCases.flatMap(({ line }, i) => [line, good(`neighbour ${i}`)])

/** Lines that cannot be used, or only just. The same ones in a plain file and in one from Windows, with a byte order mark. */
export function testBadLines(open: () => Promise<Warehouse>, known?: KnownFailures): void {
  let warehouse: Warehouse
  beforeAll(async () => {
    warehouse = await open()
  })
  afterAll(() => warehouse.close())
  const bench = (work: (b: Bench) => Promise<void>) => () => Bench.use(warehouse, work)

  describe.each([
    { name: 'a plain file', content: file.join('\n') },
    { name: 'a file of CRLF lines with a byte order mark', content: `\uFEFF${file.join('\r\n')}\r\n` },
  ])('lines of $name', ({ content }) => {
    let events: Map<unknown, Row>
    let refused: Map<number, Refused>
    let read: number
    beforeAll(
      bench(async (b) => {
        b.folder.write('odd.jsonl', content)
        read = (await b.run()).sources[0]!.read
        events = new Map((await b.events()).map((e) => [e.event_id, e]))
        refused = new Map((await b.refused()).map((q) => [q.line, q]))
      }),
    )

    test('each is counted', () => {
      const empty = lineCases.filter((c) => 'reason' in c && c.reason === 'nothing').length
      expect(read).toBe(file.length - empty)
    })

    test('their good neighbours are accepted', () => {
      const missing = lineCases.map((_, i) => `neighbour ${i}`).filter((id) => !events.has(id))
      expect(missing).toEqual([])
      expect([...refused.keys()].filter((line) => line % 2 === 0)).toEqual([])
    })

    for (const [i, c] of lineCases.entries()) {
      tester(known)(`${'reason' in c ? c.reason : 'accepted'}: ${c.name}`, async () => {
        const row = refused.get(2 * i + 1)
        if ('id' in c) {
          expect(row).toBeUndefined()
          expect(events.get(c.id)).toMatchObject({ ...c.event })
        } else if (c.reason === 'nothing') expect(row).toBeUndefined()
        else {
          expect(row).toMatchObject({ source: 'events', file: 'odd.jsonl', reason: c.reason })
          expect(row!.detail).toMatch(/^Expected /)
          expect(String(row!.text).trim()).toBe(c.line.trim().slice(0, 65_536))
        }
      })
    }
  })

  describe('lines', () => {
    test('raw bytes: NUL, control characters, bytes that are not UTF-8, a line from another encoding', () =>
      Bench.use(warehouse, async (b) => {
        const bytes = (...parts: (string | number[])[]) => Buffer.concat(parts.map((p) => Buffer.from(p as string)))
        const lines = [
          good('a\0b'),
          good('c\u0001d'),
          bytes('{"type":"page","anonymousId":"', [0xff, 0xc3], '"}'),
          Buffer.from(good('utf16'), 'utf16le'),
          '\0'.repeat(200),
        ]
        const end = Buffer.from('\n')
        b.folder.write(
          'raw.jsonl',
          Buffer.concat(lines.flatMap((l, i) => [Buffer.from(l), end, Buffer.from(good(`n${i}`)), end])),
        )
        await b.run()
        expect(await b.refusedAt()).toEqual(lines.map((_, i) => `raw.jsonl:${2 * i + 1} UNREADABLE`))
        expect(await b.eventIds()).toEqual(['n0', 'n1', 'n2', 'n3', 'n4'])
      }))

    test('\\u0000 in ids and in a campaign: refused or accepted, counted, and no NUL in the tables', () =>
      Bench.use(warehouse, async (b) => {
        const campaign = ',"properties":{"url":"https://acme.test/?utm_source=a%00b"}'
        b.write('nul.jsonl', good('a\\u0000b'), good('n0'), good('\\u0000'), good('n1'), good('n2', campaign))
        const { sources } = await b.run()
        expect(sources[0]).toMatchObject({ read: 5 })
        expect(await b.eventIds()).toEqual(expect.arrayContaining(['n0', 'n1', 'n2']))
        const texts = (await b.events()).flatMap((e) => Object.values(e)).filter((v) => typeof v === 'string')
        expect(texts.filter((text) => text.includes('\0'))).toEqual([])
      }))

    test('a key that stands twice is accepted once', () =>
      Bench.use(warehouse, async (b) => {
        b.write('twice.jsonl', good('k1', ',"messageId":"k2","anonymousId":"d2"'), good('n'))
        await b.run()
        expect(await b.refusedAt()).toEqual([])
        expect(await b.eventIds()).toHaveLength(2)
      }))

    tester(known)('a line of 20 MB, good or bad', () =>
      Bench.use(warehouse, async (b) => {
        const filler = 'x'.repeat(20_000_000)
        b.write('big.jsonl', good('n0'), good('big', `,"properties":{"x":"${filler}"}`), `{"y":"${filler}`, good('n1'))
        const { sources } = await b.run()
        expect(sources[0]).toMatchObject({ read: 4, accepted: 3, quarantined: 1 })
        expect(await b.eventIds()).toEqual(['big', 'n0', 'n1'])
        expect(await b.refusedAt()).toEqual(['big.jsonl:3 UNREADABLE'])
        expect(String((await b.refused())[0]!.text)).toHaveLength(65_536)
      }),
    )

    tester(known)('names of 1 MB, and ids as long as an index can hold; longer ones are refused', () =>
      Bench.use(warehouse, async (b) => {
        const [long, longest] = ['x'.repeat(1_000_000), '😀'.repeat(256)]
        const named = good('e', `,"userId":"u","event":"${long}"`).replace('page', 'track')
        b.write('long.jsonl', good(longest, `,"userId":"${longest}"`), good('n'), named)
        b.write('longer.jsonl', good(long), good('u', `,"userId":"${'y'.repeat(257)}"`))
        expect((await b.run()).sources[0]).toMatchObject({ read: 5, accepted: 3, quarantined: 2 })
        expect(await b.eventIds()).toEqual(expect.arrayContaining(['e', 'n', longest]))
        expect(
          await warehouse.query(sql`select distinct reason, detail from ${sql.table('current_quarantine')}`),
        ).toEqual([{ reason: 'WRONG_TYPE', detail: 'Expected ids of at most 256 characters, but one is longer.' }])
      }),
    )
  })

  describe('values of conversions', () => {
    const large = 'x'.repeat(70_000)
    const cases = [
      { name: 'text that is no number', revenue: '"free"', problem: 'NOT_A_NUMBER' },
      { name: 'an object', revenue: '{"a":1}', problem: 'NOT_A_NUMBER' },
      { name: '60,000 digits', revenue: `"${'9'.repeat(60_000)}"`, problem: 'OUT_OF_RANGE' },
      { name: '500 leading zeros', revenue: `"${'0'.repeat(500)}1"`, problem: 'OUT_OF_RANGE' },
      { name: 'a number that JSON writes with 300 digits', revenue: '1e300', problem: 'OUT_OF_RANGE' },
      { name: 'a number of 21 digits', revenue: '123456789012345678901', problem: 'OUT_OF_RANGE' },
      { name: 'a hundred trillion millions', revenue: '100000000000000000000', problem: 'OUT_OF_RANGE' },
      { name: 'a text of digits and a power', revenue: '"123456789e-7"', problem: 'NOT_A_NUMBER' },
      { name: 'what arithmetic leaves of nothing', revenue: '5.684341886080802e-14', value: 0 },
      { name: 'next to nothing', revenue: '0.0000001', value: 0 },
      { name: 'less than nothing by next to nothing', revenue: '-0.00000049', value: 0 },
      { name: 'beside 60 KB', revenue: `1,"x":"${large.slice(0, 60_000)}"`, value: 100 },
      { name: 'nothing', revenue: 'null' },
    ]
    const tooLarge = [
      { name: 'beside 70 KB', revenue: `49.90,"x":"${large}"` },
      { name: 'beside 1 MB', revenue: `49.90,"x":"${large.repeat(15)}"` },
    ]
    let conversions: Map<unknown, Row>
    beforeAll(() =>
      Bench.use(warehouse, async (b) => {
        b.write('orders.jsonl', ...[...cases, ...tooLarge].map(({ name, revenue }) => order(name, revenue)))
        await b.run()
        const rows = await warehouse.query(sql`select * from ${sql.table('current_conversions')}`)
        conversions = new Map(rows.map((c) => [c.person_id, c]))
      }),
    )

    test.each(cases)('$name', ({ name, value = null, problem = null }) => {
      expect(conversions.get(name)).toMatchObject({ value, value_problem: problem })
    })

    for (const { name } of tooLarge) {
      tester(known)(`${name}: taken, or null with a reason, never lost in silence`, async () => {
        expect(conversions.get(name)).toBeDefined()
        expect(conversions.get(name)!.value ?? conversions.get(name)!.value_problem).not.toBeNull()
      })
    }
  })
}

const order = (id: string, revenue: string) =>
  good(id, `,"event":"Order Completed","properties":{"revenue":${revenue}}`).replace('"page"', '"track"')
