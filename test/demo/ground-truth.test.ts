import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readConfig } from '../../src/config/read.ts'
import { type GroundTruth, writeDemo } from '../../src/demo/generate.ts'
import { demoProductDatabase, demoSettings } from '../../src/demo/settings.ts'
import { runPipeline } from '../../src/pipeline/run.ts'
import { openWarehouse } from '../../src/warehouses/open.ts'
import { sql } from '../../src/warehouses/sql.ts'
import type { Row, Warehouse } from '../../src/warehouses/warehouse.ts'
import { rowsOf, temporaryFolder } from '../harness/pipeline.ts'
import { testDemoCompanies } from './companies-suite.ts'

const microseconds = (iso: string) => iso.replace(/(\.\d+)?Z$/, (_, fraction = '.') => `${fraction.padEnd(7, '0')}Z`)

/** What a touch of the attribution row says, in the words of the ground truth. */
const touchOf = (row: Row, name: 'first_touch' | 'last_touch') =>
  row[`${name}_at`] === null
    ? null
    : {
        at: row[`${name}_at`],
        channel: row[`${name}_channel`],
        source: row[`${name}_source`],
        campaign: row[`${name}_campaign`],
      }

describe('the demo', () => {
  const folder = temporaryFolder()
  let warehouse: Warehouse
  let truth: GroundTruth
  let rows: Map<string, Row>

  beforeAll(async () => {
    await writeDemo(folder.path)
    truth = JSON.parse(readFileSync(join(folder.path, 'ground-truth.json'), 'utf8'))
    const file = folder.write(
      'tributary.config.json',
      JSON.stringify({
        ...demoSettings,
        sources: [{ kind: 'files', path: './events' }],
        productDatabase: { ...demoProductDatabase, path: './product' },
        warehouse: { kind: 'duckdb', path: './tributary.duckdb' },
      }),
    )
    const config = await readConfig(file)
    warehouse = await openWarehouse(config.warehouse)
    await runPipeline({ warehouse, options: config.pipeline, configVersion: config.configVersion, kind: 'increment' })
    rows = new Map((await rowsOf(warehouse, 'current_attribution', ['person_id'])).map((r) => [String(r.person_id), r]))
  }, 180_000)

  afterAll(async () => {
    await warehouse?.close()
    folder.remove()
  })

  test('every signup of the ground truth is a row, and no other', () => {
    expect(rows.size).toBe(truth.totals.signups)
    expect(truth.people.filter((p) => p.isCertain && !rows.has(p.person))).toEqual([])
  })

  test('attribution says where each certain person really came from', () => {
    const certain = truth.people.filter((p) => p.isCertain)
    expect(certain.length).toBeGreaterThan(700)
    const wanted = certain.map((p) => ({
      person: p.person,
      signedUpAt: microseconds(p.signedUpAt),
      first: p.firstTouch && { ...p.firstTouch, at: microseconds(p.firstTouch.at) },
      last: p.lastTouch && { ...p.lastTouch, at: microseconds(p.lastTouch.at) },
      sessionsBefore: p.sessionsBeforeSignup,
    }))
    const got = certain.map((p) => {
      const row = rows.get(p.person)!
      return {
        person: p.person,
        signedUpAt: row.signed_up_at,
        first: touchOf(row, 'first_touch'),
        last: touchOf(row, 'last_touch'),
        sessionsBefore: row.session_count_before_signup,
      }
    })
    expect(got).toEqual(wanted)
  })

  test('totals are those of the ground truth', async () => {
    const [totals] = await warehouse.query(sql`
select
    (select sum(rows_read) from ${sql.table('run_sources')} where source = 'events') as messages,
    (select count(*) from ${sql.table('events')}) as distinct_events,
    (select sum(duplicates) from ${sql.table('run_sources')} where source = 'events') as duplicates,
    (select count(*) from ${sql.table('events')} where excluded_reason = 'BOT') as bots,
    (select count(*) from ${sql.table('current_conversions')} where conversion = 'purchase') as orders,
    (select sum(value) from ${sql.table('current_conversions')} where conversion = 'purchase' and currency = 'USD') as usd,
    (select sum(value) from ${sql.table('current_conversions')} where conversion = 'purchase' and currency = 'EUR') as eur
`)
    const { messages, distinctEvents, duplicates, botEvents, orders, revenue } = truth.totals
    expect(totals).toEqual({
      messages,
      distinct_events: distinctEvents,
      duplicates,
      bots: botEvents,
      orders,
      usd: revenue.USD,
      eur: revenue.EUR,
    })
    const quarantined = await warehouse.query<Row & { reason: string; n: number }>(
      sql`select reason, count(*) as n from ${sql.table('current_quarantine')} group by reason`,
    )
    expect(Object.fromEntries(quarantined.map((q) => [q.reason, q.n]))).toEqual(truth.totals.quarantined)
  })

  testDemoCompanies(() => ({ warehouse, truth }))
})
