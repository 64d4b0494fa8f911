import { readFileSync } from 'node:fs'
import { gunzipSync, gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { PipelineOptions } from '../../src/pipeline/options.ts'
import { sql } from '../../src/warehouses/sql.ts'
import type { Row, Warehouse } from '../../src/warehouses/warehouse.ts'
import { currentTables, emptyTables, optionsFor, run, temporaryFolder } from '../harness/pipeline.ts'
import { testSettings } from '../oracle/settings.ts'

const packed = readFileSync(new URL('../fixtures/weblog/semicomplete-weblog.jsonl.gz', import.meta.url))

/** Four days of a real web log: sessions and people that were counted by another program. */
export function testWeblog(open: () => Promise<Warehouse>): void {
  describe('real web log', () => {
    let warehouse: Warehouse
    beforeAll(async () => {
      warehouse = await open()
    })
    afterAll(() => warehouse.close())

    const counted = [
      { bots: false, events: 3046, people: 1210, sessions: 1827 },
      { bots: true, events: 1565, people: 932, sessions: 1076 },
    ]

    test.each(counted)('bots excluded: $bots', { timeout: 900_000 }, async ({ bots, ...expected }) => {
      const [whole, days] = [await deliver(warehouse, bots, [{ 'all.jsonl.gz': packed }]), await byDay(warehouse, bots)]
      for (const tables of [whole, ...days]) {
        expect(tables.counts).toEqual(expected)
        expect(tables.rows.quarantine).toEqual([])
      }
      for (const tables of days) expect(tables.rows).toEqual(whole.rows)
      const sessions = whole.rows.sessions as Row[]
      const entries = (whole.rows.touches as Row[]).filter((t) => t.is_entry)
      expect(entries.map((t) => t.session_id).sort()).toEqual(sessions.map((s) => s.session_id).sort())
      expect(entries.every((t) => typeof t.channel === 'string' && t.channel !== '')).toBe(true)
    })
  })
}

/** The same in four files, a day each, in two orders, a run each. */
async function byDay(warehouse: Warehouse, bots: boolean) {
  const days = new Map<string, string[]>()
  for (const line of gunzipSync(packed).toString('utf8').split('\n').filter(Boolean)) {
    const day = JSON.parse(line).timestamp.slice(0, 10)
    days.set(day, [...(days.get(day) ?? []), line])
  }
  expect(days.size).toBe(4)
  const files = [...days].map(([day, lines]) => ({ [`${day}.jsonl.gz`]: gzipSync(lines.join('\n')) }))
  const [a, b, c, d] = files
  return [await deliver(warehouse, bots, [d!, b!, a!, c!]), await deliver(warehouse, bots, [c!, a!, d!, b!])]
}

async function deliver(warehouse: Warehouse, bots: boolean, runs: readonly Record<string, Uint8Array>[]) {
  const folder = temporaryFolder()
  const settings: Partial<PipelineOptions> = { sites: ['semicomplete.com'], exclude: { ...testSettings.exclude, bots } }
  try {
    await run(warehouse, optionsFor(folder.path, settings))
    await emptyTables(warehouse)
    for (const files of runs) {
      for (const [name, content] of Object.entries(files)) folder.write(name, content)
      await run(warehouse, optionsFor(folder.path, settings))
    }
    const [counts] = await warehouse.query(sql`
select
    (select sum(event_count) from ${sql.table('visits')}) as events,
    (select count(distinct person_id) from ${sql.table('current_aliases')}) as people,
    (select count(*) from ${sql.table('current_sessions')}) as sessions
`)
    const rows = await currentTables(warehouse)
    // Which run accepted an event is no property of the event.
    rows.events = (rows.events as Row[]).map(({ run_id, ...event }) => event)
    return { counts, rows }
  } finally {
    folder.remove()
  }
}
