import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openDuckdb } from '../../src/warehouses/duckdb.ts'
import { sql } from '../../src/warehouses/sql.ts'
import type { Warehouse } from '../../src/warehouses/warehouse.ts'
import { optionsFor, run, temporaryFolder } from '../harness/pipeline.ts'
import { countScans, type Scans } from '../harness/scans.ts'

const NOW = new Date('2025-06-01T00:00:00Z')
/** Rows in a row group: what DuckDB reads at least where it reads at all. */
const GROUP = 122_880
const HISTORY = 8 * GROUP

let id = 0
const page = (at: string, more: Record<string, unknown> = {}) =>
  JSON.stringify({ type: 'page', messageId: `s${++id}`, anonymousId: 'd1', timestamp: at, receivedAt: at, ...more })

describe('rows of events that an increment reads', () => {
  let warehouse: Warehouse
  let scans: Scans
  const folder = temporaryFolder()
  const options = optionsFor(folder.path)

  beforeAll(async () => {
    warehouse = await openDuckdb({ path: ':memory:', schema: 'tributary', threads: 1 })
    scans = countScans(warehouse)
    folder.write(
      '1.jsonl',
      [
        page('2021-06-01T10:00:00Z', { messageId: 'early', receivedAt: '2021-06-01T12:00:00Z' }),
        page('2021-06-01T10:10:00Z'),
        page('2024-06-01T10:00:00Z', { messageId: 'late', receivedAt: '2024-06-01T12:00:00Z' }),
        page('2024-06-01T10:10:00Z'),
      ].join('\n'),
    )
    await run(warehouse, options, 'increment', { now: NOW })
    // Five years of other people's events, in the order of time as loaders bring them.
    const row = await warehouse.query(sql`select * from ${sql.table('events')} order by occurred_at limit 1`)
    const others = Object.keys(row[0]!).map((name) => {
      const id = sql.id(name)
      if (name === 'occurred_at' || name === 'received_at')
        return sql`timestamp '2020-01-01' + to_microseconds(cast(n.i as bigint) * ${Math.round((5 * 365 * 86_400_000_000) / HISTORY)}) as ${id}`
      if (name === 'event_key') return sql`md5('other' || n.i) as ${id}`
      return name === 'anonymous_id' ? sql`'other' || n.i as ${id}` : sql`e.${id} as ${id}`
    })
    await warehouse.execute(
      sql`insert into ${sql.table('events')} select ${sql.join(others)} from range(${HISTORY}) as n(i), (select * from ${sql.table('events')} limit 1) as e order by n.i`,
    )
  })
  afterAll(async () => {
    scans.close()
    folder.remove()
    await warehouse.close()
  })

  const increment = async (name: string, lines: readonly string[]) => {
    folder.write(name, lines.join('\n'))
    scans.take()
    await run(scans.warehouse, options, 'increment', { now: NOW })
    return scans.take()
  }

  test('none without withdrawals', async () => {
    const read = await increment('2.jsonl', [page('2024-06-01T10:20:00Z'), page('2025-05-30T10:00:00Z')])
    expect(read.events ?? 0).toBe(0)
    expect(read.visits).toBeGreaterThan(0) // it does count
  })

  test('with withdrawals years apart, those around them', async () => {
    const read = await increment('3.jsonl', [
      page('2021-06-01T10:05:00Z', { messageId: 'early', receivedAt: '2021-06-01T11:00:00Z' }),
      page('2024-06-01T10:05:00Z', { messageId: 'late', receivedAt: '2024-06-01T11:00:00Z' }),
    ])
    // Two times and three statements: what is withdrawn, what is read again, and the delete.
    expect(read.events).toBeLessThanOrEqual(6 * GROUP)
    expect(read.events).toBeGreaterThan(0)
  })

  test('none when the settings of identities, channels or credit change', async () => {
    const { signup, purchase } = options.conversions
    scans.take()
    await run(
      scans.warehouse,
      {
        ...options,
        identity: { ...options.identity, maxUsersPerDevice: 2 },
        channels: [{ channel: 'Partner', paid: true, when: { source: ['partner'] } }],
        conversions: { signup: signup!, purchase: { ...purchase!, lookbackDays: 30 } },
      },
      'increment',
      { now: NOW },
    )
    expect(scans.take().events ?? 0).toBe(0)
  })
})
