import { COPY, dimensionItem, PRODUCT, seenItem } from '../../src/pipeline/companies/copied-tables.ts'
import { companies, companyMembers } from '../../src/pipeline/tables/companies.ts'
import { activity } from '../../src/pipeline/tables/events.ts'
import { runs, watermarks } from '../../src/pipeline/tables/records.ts'
import { OPEN_RUN } from '../../src/pipeline/tables/table.ts'
import { sql } from '../../src/warehouses/sql.ts'
import type { Row, TableSpec, Warehouse } from '../../src/warehouses/warehouse.ts'
import { rowOf } from '../api/rows.ts'
import type { CompanyFacts, CopiedFirst, OracleState, OracleUse } from '../oracle/company-facts.ts'
import { formatTime, MINUTE } from '../oracle/time.ts'

/** Fills the tables that companyMetrics reads as two runs leave them, each of which knew some facts. */
export async function loadFacts(warehouse: Warehouse, first: CompanyFacts, second: CompanyFacts): Promise<void> {
  const versions = [
    [first, { from_run: 1, to_run: 2 }],
    [second, { from_run: 2, to_run: OPEN_RUN }],
  ] as const
  const rows: readonly (readonly [TableSpec, readonly Row[]])[] = [
    [runs, [runRow(1, first), runRow(2, second)]],
    [watermarks, [...markRows(1, first), ...markRows(2, second, first)]],
    [companies, versions.flatMap(([facts, version]) => companyRows(facts).map((row) => ({ ...row, ...version })))],
    [companyMembers, versions.flatMap(([facts, version]) => memberRows(facts).map((row) => ({ ...row, ...version })))],
    [activity, [...activityRows(1, first.uses, []), ...activityRows(2, second.uses, first.uses)]],
  ]
  await warehouse.transaction(
    rows.map(([t]) => sql`delete from ${sql.table(t.name)} where ${t.versioned ? sql`to_run <> 0` : sql`1 = 1`}`),
  )
  for (const [table, loaded] of rows) if (loaded.length > 0) await warehouse.load(table, loaded)
}

const maybeTime = (time: number | null) => (time === null ? null : formatTime(time))

const runRow = (run_id: number, { latestCopyAt, dataThrough }: CompanyFacts): Row =>
  rowOf(runs, {
    run_id,
    kind: 'increment',
    state: 'published',
    published_at: formatTime(latestCopyAt),
    data_through: formatTime(dataThrough),
  })

const ITEMS: Readonly<Record<CopiedFirst, string>> = {
  members: seenItem('members'),
  role: seenItem('members', 'role'),
  plan: seenItem('companies', 'plan'),
  industry: dimensionItem('industry'),
}

/** When the latest copy was taken, and the first ones of what earlier runs had not. */
function markRows(run_id: number, { latestCopyAt, firstCopies }: CompanyFacts, before?: CompanyFacts): Row[] {
  const isNew = ([item, at]: [string, number | null]) =>
    at !== null && (before?.firstCopies[item as CopiedFirst] ?? null) === null
  const firsts = Object.entries(firstCopies).filter(isNew)
  return [[COPY, latestCopyAt] as const, ...firsts.map(([item, at]) => [ITEMS[item as CopiedFirst], at!] as const)].map(
    ([item, at]) => rowOf(watermarks, { source: PRODUCT, item, position: formatTime(at), run_id }),
  )
}

const stateColumns = ({ firstSeenAt, sinceAt, untilAt }: OracleState): Row => ({
  first_seen_at: formatTime(firstSeenAt),
  since_at: maybeTime(sinceAt),
  until_at: maybeTime(untilAt),
})

/** The latest state of a company has its first touch, other states have none. */
function companyRows({ companies: states, firstTouches }: CompanyFacts): Row[] {
  return states.map((state) => {
    const isLatest = states.findLast((s) => s.companyId === state.companyId) === state
    const touch = isLatest ? firstTouches[state.companyId] : null
    return rowOf(companies, {
      ...stateColumns(state),
      company_id: state.companyId,
      is_latest: isLatest,
      plan: state.plan,
      is_paid: state.isPaidPlan,
      given_paid_at: maybeTime(state.paidAt),
      dimensions: JSON.stringify({ industry: state.industry }),
      first_touch_channel: touch?.channel ?? null,
      first_touch_source: touch?.source ?? null,
      first_touch_campaign: touch?.campaign ?? null,
    })
  })
}

const memberRows = ({ members }: CompanyFacts): Row[] =>
  members.map((state) =>
    rowOf(companyMembers, {
      ...stateColumns(state),
      company_id: state.companyId,
      user_id: state.userId,
      is_admin: state.isAdmin,
    }),
  )

/** What a run adds to the counts of quarter hours, and takes from them. */
function activityRows(run_id: number, uses: readonly OracleUse[], before: readonly OracleUse[]): Row[] {
  const counts = new Map<string, { row: Row; count: number }>()
  const add = (use: OracleUse, count: number) => {
    const row = {
      anonymous_id: `d${use.count}`,
      user_id: use.userId ?? '',
      is_in_session: use.isInSession,
      company_id: use.companyId ?? '',
      bucket_at: formatTime(Math.floor(use.at / (15 * MINUTE)) * 15 * MINUTE),
      event_name: use.event,
    }
    const key = JSON.stringify(row)
    counts.set(key, { row, count: (counts.get(key)?.count ?? 0) + count })
  }
  for (const use of uses) add(use, use.count)
  for (const use of before) add(use, -use.count)
  return [...counts.values()]
    .filter(({ count }) => count !== 0)
    .map(({ row, count }) => rowOf(activity, { ...row, event_count: count, run_id }))
}
