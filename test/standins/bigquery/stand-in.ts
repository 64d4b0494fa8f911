import { Evaluator } from './evaluate.ts'
import { type Job, Jobs } from './jobs.ts'
import { bigQueryLanguage } from './language.ts'
import { Scripts } from './script.ts'
import { type Disturbance, serve } from './server.ts'
import { Store } from './store.ts'
import { ZetaSql } from './zetasql.ts'

/**
 * BigQuery on this machine: its REST interface as far as `@google-cloud/bigquery` uses it here, over Google's own
 * reference implementation of GoogleSQL, which plans and computes every statement.
 *
 * What it does not show of the service:
 * - The build of GoogleSQL is of September 2023. Newer syntax (MAX_BY, GROUP BY ALL, pipes) is refused here and taken there.
 * - Quotas, slots, prices, speed: none. Bytes are those of the columns that a statement reads; partitions and clusters are
 *   kept, checked and never pruned by.
 * - Permissions: none; every token is good.
 * - Transactions conflict when they end, with others that changed the same table; the service tells the later one at its
 *   first statement. Whoever only added rows conflicts with nobody, here and there.
 * - Scripts are statements, transactions and variables that are declared with a value: no SET, no IF, no temporary tables. No MERGE, TRUNCATE, EXPORT, MATERIALIZED VIEW; ALTER TABLE adds, drops and renames columns.
 * - Columns are scalars: no arrays, no structs. Loads are JSON lines in one request.
 * - The engine makes texts of 1 MiB at most and takes requests of 4 MiB; rows of the service have 100 MB. A statement for
 *   which that is too little is sent again with long texts cut: of each run of one letter 100,000 are left. What depends on
 *   the length of such a text is not shown.
 * - A statement over more than 4 MiB of rows is refused, some with window functions over thousands of rows are slow.
 * - Names of tables and columns are checked as in the service, their length in bytes is not.
 */
export interface BigQueryStandIn {
  /** For `apiEndpoint`. */
  readonly url: string
  readonly store: Store
  /** Jobs in the order they were sent. */
  jobs(): readonly Job[]
  /** What happens to requests from now on; null: nothing. */
  disturb(how: Disturbance | null): void
  close(): Promise<void>
}

/** Starts it on a free port of the loopback address. */
export async function startBigQuery({ pageSize = 1000 } = {}): Promise<BigQueryStandIn> {
  const engine = new ZetaSql()
  const store = new Store()
  const scripts = new Scripts(store, new Evaluator(engine, await bigQueryLanguage(engine)))
  const jobs = new Jobs({ engine, store, scripts })
  let disturbance: Disturbance = () => null
  const server = await serve({ store, jobs, scripts, pageSize }, () => disturbance)
  return {
    url: server.url,
    store,
    jobs: () => jobs.history(),
    disturb(how) {
      disturbance = how ?? (() => null)
    },
    async close() {
      await server.close()
      await engine.close()
    },
  }
}
