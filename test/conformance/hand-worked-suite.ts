import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sql } from '../../src/warehouses/sql.ts'
import type { Row, Warehouse } from '../../src/warehouses/warehouse.ts'
import { currentTables, emptyTables, optionsFor, run, temporaryFolder } from '../harness/pipeline.ts'

const fixture = (name: string) => readFileSync(new URL(`../fixtures/hand-worked/${name}`, import.meta.url), 'utf8')
const files = ['1.jsonl', '2.jsonl', '3.jsonl'] as const
const expected = JSON.parse(fixture('expected.json'))

const orders: readonly (readonly string[])[] = files.flatMap((a) =>
  files.filter((b) => b !== a).map((b) => [a, b, ...files.filter((c) => c !== a && c !== b)]),
)

/** A time with six digits, as tables give it. */
const time = (text: string) => text.replace(/(\.\d+)?Z$/, (_, fraction = '.') => `${fraction.padEnd(7, '0')}Z`)

/** The example worked out by hand: files in every order, in one run and in three, and by a rebuild that writes nothing. */
export function testHandWorked(open: () => Promise<Warehouse>): void {
  describe('hand-worked example', () => {
    let warehouse: Warehouse
    beforeAll(async () => {
      warehouse = await open()
    })
    afterAll(() => warehouse.close())

    const deliveries = orders.flatMap((order) => [
      { name: `${order.join(', ')} in one run`, runs: [order] },
      { name: `${order.join(', ')} in three runs`, runs: order.map((file) => [file]) },
    ])

    test.each(deliveries)('$name', async ({ runs }) => {
      const folder = temporaryFolder()
      try {
        await run(warehouse, optionsFor(folder.path)) // an empty folder is a run like any other
        await emptyTables(warehouse)
        const counts = { read: 0, accepted: 0, duplicates: 0, quarantined: 0 }
        for (const names of runs) {
          for (const name of names) folder.write(name, fixture(name))
          for (const source of (await run(warehouse, optionsFor(folder.path))).sources) {
            counts.read += source.read
            counts.accepted += source.accepted
            counts.duplicates += source.duplicates
            counts.quarantined += source.quarantined
          }
        }
        expect(counts).toEqual({ read: 30, accepted: 26, duplicates: expected.duplicates, quarantined: 3 })
        await expectTheAnswers(warehouse)

        const rebuilt = await run(warehouse, optionsFor(folder.path), 'rebuild')
        expect(rebuilt.rowsWritten).toBe(0)
        await expectTheAnswers(warehouse)
      } finally {
        folder.remove()
      }
    })
  })
}

async function expectTheAnswers(warehouse: Warehouse): Promise<void> {
  const tables = (await currentTables(warehouse)) as Record<string, Row[]>
  const of = (table: string, person: string) => tables[table]!.filter((r) => r.person_id === person)
  expect(tables.quarantine).toEqual(expected.quarantine)
  expect({
    events: tables.events!.length,
    people: tables.people!.length,
    sessions: tables.sessions!.length,
    touches: tables.touches!.length,
    signups: tables.conversions!.filter((c) => c.conversion === 'signup').length,
    purchases: tables.conversions!.filter((c) => c.conversion === 'purchase').length,
  }).toEqual(expected.counts)

  for (const [person, sessions] of Object.entries<string[]>(expected.sessions)) {
    const got = of('sessions', person).map((s) => `${s.started_at}/${s.ended_at}`)
    expect(got.sort()).toEqual(sessions.map((s) => s.split('/').map(time).join('/')).sort())
  }
  for (const [person, touches] of Object.entries<Record<string, string>[]>(expected.touches)) {
    const got = of('touches', person).sort((a, b) => String(a.order_key).localeCompare(String(b.order_key)))
    expect(got.map((t) => ({ ...t, at: t.touched_at }))).toMatchObject(touches.map((t) => ({ ...t, at: time(t.at!) })))
    expect(got).toHaveLength(touches.length)
  }
  expect(tables.attribution!.map((a) => a.person_id).sort()).toEqual(Object.keys(expected.attribution).sort())
  for (const [person, { first, last, first_paid, last_paid, ...row }] of Object.entries<Record<string, string>>(
    expected.attribution,
  )) {
    expect(of('attribution', person)[0]).toMatchObject({
      ...row,
      signed_up_at: time(row.signed_up_at!),
      first_touch_channel: first,
      last_touch_channel: last,
      first_paid_touch_channel: first_paid,
      last_paid_touch_channel: last_paid,
    })
  }
  await expectCredits(warehouse)
}

async function expectCredits(warehouse: Warehouse): Promise<void> {
  const rows = await warehouse.query<Row>(
    sql`select * from ${sql.table('current_credits')} order by conversion_id, touch_id`,
  )
  for (const [conversion, key] of [
    ['signup', 'signupCredit'],
    ['purchase', 'purchaseCredit'],
  ] as const) {
    for (const [model, channels] of Object.entries<Record<string, number>>(expected[key])) {
      const [name, unit] = model.replace(/^LINEAR_/, 'LINEAR ').split(' ')
      const column = `${name!.toLowerCase()}_${unit === 'cents' ? 'revenue' : 'credit'}`
      const sums: Record<string, number> = {}
      for (const r of rows.filter((r) => r.conversion === conversion && r[column] !== 0)) {
        sums[String(r.channel)] = (sums[String(r.channel)] ?? 0) + Number(r[column])
      }
      const scale = unit === undefined ? 1_000_000_000 : 1
      expect(sums).toEqual(Object.fromEntries(Object.entries(channels).map(([c, n]) => [c, n * scale])))
    }
  }
}
