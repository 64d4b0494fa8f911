import { referenceTables } from '../../src/pipeline/channels/tables.ts'
import { tables } from '../../src/pipeline/tables/tables.ts'
import { sql } from '../../src/warehouses/sql.ts'
import type { Row, TableSpec, Warehouse } from '../../src/warehouses/warehouse.ts'

const reference = new Set([...referenceTables.map((t) => t.name), 'stage_fingerprints'])
const kept = tables.filter((t) => !reference.has(t.name))
/** What runs say about themselves: how often one was tried shows there, and nowhere else. */
const aboutRuns = new Set(['runs', 'run_stages', 'lease', 'user_agents'])
const RUN_COLUMNS = ['run_id', 'from_run', 'to_run']
/** When the run began that found a row; which run recorded a column, which one that dies right after its publication leaves to the next. */
const IGNORED = ['quarantined_at', 'first_run']
const OPEN = '9223372036854775807'

/** All rows of a table but the sentinel. */
const rowsOf = (warehouse: Warehouse, t: TableSpec): Promise<Row[]> =>
  warehouse.query(sql`select * from ${sql.table(t.name)} where ${t.versioned ? sql`to_run <> 0` : sql`1 = 1`}`)

/** Everything the pipeline keeps, to be put back. */
export async function saveTables(warehouse: Warehouse): Promise<ReadonlyMap<TableSpec, readonly Row[]>> {
  const saved = new Map<TableSpec, readonly Row[]>()
  for (const t of kept) saved.set(t, await rowsOf(warehouse, t))
  return saved
}

/** Puts it back. */
export async function restoreTables(
  warehouse: Warehouse,
  saved: ReadonlyMap<TableSpec, readonly Row[]>,
): Promise<void> {
  await warehouse.transaction(
    kept.map((t) => sql`delete from ${sql.table(t.name)} where ${t.versioned ? sql`to_run <> 0` : sql`1 = 1`}`),
  )
  for (const [t, rows] of saved) if (rows.length > 0) await warehouse.load(t, rows)
}

/**
 * Every row of every table with all its versions, sorted. Runs are numbered by their place among those that wrote
 * something, so that one that failed in between does not show.
 */
export async function stateOf(warehouse: Warehouse): Promise<Record<string, string[]>> {
  const states = kept.filter((t) => !aboutRuns.has(t.name))
  const found: [string, Row[]][] = []
  for (const t of states) found.push([t.name, await rowsOf(warehouse, t)])
  const runs = new Set(found.flatMap(([, rows]) => rows.flatMap((r) => RUN_COLUMNS.map((c) => r[c] ?? null))))
  const numbers = [...runs].filter((run) => run !== null && String(run) !== OPEN).map(Number)
  const place = new Map(numbers.sort((a, b) => a - b).map((run, i) => [run, i + 1]))
  const numberOf = (run: unknown) => (String(run) === OPEN ? 'open' : place.get(Number(run)))
  const numbered = (row: Row) =>
    Object.entries(row)
      .filter(([name]) => !IGNORED.includes(name))
      .map(([name, value]) => [name, RUN_COLUMNS.includes(name) ? numberOf(value) : value])
  const text = (row: Row) =>
    JSON.stringify(numbered(row), (_, value) => (typeof value === 'bigint' ? `${value}` : value))
  return Object.fromEntries(found.map(([name, rows]) => [name, rows.map(text).sort()]))
}
