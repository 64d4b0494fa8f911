import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { QueryError, TributaryError } from '../errors.ts'
import type { Dialect } from '../warehouses/dialect.ts'
import { type Sql, sql } from '../warehouses/sql.ts'
import type { Row, Warehouse } from '../warehouses/warehouse.ts'

/** How long a holder that says nothing is believed to live. */
const LIFETIME = 60_000_000

/** Leases of this process that are held or asked for, on any warehouse. */
const live = new Set<string>()

/** A held lock of the pipeline. */
export interface Lease {
  readonly token: number
  /** First statements of the publish transaction: it fails when the lease is no longer ours. */
  readonly fence: readonly Sql[]
  /** Whether the lease is still this run's. */
  isOurs(): Promise<boolean>
  /** Stops renewing: a renewal would conflict with the publish transaction. */
  hold(): void
  release(): Promise<void>
}

const mine = (owner: string, token: number) => sql`name = 'pipeline' and owner = ${owner} and token = ${token}`

/** The statements that begin a publish transaction: it fails when the lease is no longer this owner's. */
export const fenceOf = (d: Dialect, owner: string, token: number): readonly Sql[] => [
  sql`update ${sql.table('lease')} set expires_at = ${d.addMicroseconds(d.now(), sql`${LIFETIME}`)} where ${mine(owner, token)}`,
  d.assertThat(
    sql`(select count(*) from ${sql.table('lease')} where ${mine(owner, token)}) >= 1`,
    'The lease of this run was taken over; nothing was published.',
  ),
]

/** Takes the lock, or says who has it. A lock whose holder is dead or silent is taken over. */
export async function acquireLease(warehouse: Warehouse): Promise<Lease> {
  const { dialect: d } = warehouse
  const lease = sql.table('lease')
  await warehouse.execute(
    sql`insert into ${lease} (name, owner, token, expires_at)
select 'pipeline', '', 0, ${d.now()} where not exists (select 1 from ${lease} where name = 'pipeline')`,
  )
  const owner = `${hostname()}:${process.pid}:${randomUUID()}`
  live.add(owner)
  try {
    return keep(warehouse, owner, await take(warehouse, owner))
  } catch (error) {
    live.delete(owner) // refused, or failed with the lease perhaps taken: this process does not hold it
    throw error
  }
}

/** Lets a conflict with another writer pass. */
function unlessTransient(error: unknown): void {
  if (!(error instanceof QueryError && error.isTransient)) throw error
}

/** The token of the lease, now this owner's. */
async function take(warehouse: Warehouse, owner: string): Promise<number> {
  const { dialect: d } = warehouse
  const lease = sql.table('lease')
  // Whoever opened an exclusive warehouse is alone in it: another owner's lease is a dead one's.
  const isFree = warehouse.isExclusive
    ? sql`(owner not in (${sql.values([...live])}) or expires_at < ${d.now()})`
    : sql`(owner = '' or expires_at < ${d.now()})`
  await warehouse
    .execute(
      sql`update ${lease}
set owner = ${owner}, token = token + 1, expires_at = ${d.addMicroseconds(d.now(), sql`${LIFETIME}`)}
where name = 'pipeline' and ${isFree}`,
    )
    .catch(unlessTransient) // two asked at once: the row says who has it
  const [row] = await warehouse.query<Row & { owner: string; token: number; expires_at: string }>(
    sql`select owner, token, expires_at from ${lease} where name = 'pipeline'`,
  )
  if (!row || row.owner !== owner) {
    throw new TributaryError(
      'RUN_IN_PROGRESS',
      `Another run is in progress (${row?.owner ?? 'unknown'}, until ${row?.expires_at ?? 'unknown'} unless it renews). Wait for it, or for its lease to run out.`,
    )
  }
  return row.token
}

function keep(warehouse: Warehouse, owner: string, token: number): Lease {
  const { dialect: d } = warehouse
  const renew = () =>
    warehouse
      .execute(
        sql`update ${sql.table('lease')}
set expires_at = ${d.addMicroseconds(d.now(), sql`${LIFETIME}`)} where ${mine(owner, token)}`,
      )
      .catch(() => undefined) // the fence decides; a missed renewal is tried again
  const timer = setInterval(renew, LIFETIME / 1000 / 3)
  timer.unref()
  return {
    token,
    fence: fenceOf(d, owner, token),
    async isOurs() {
      const [row] = await warehouse.query<Row & { n: number }>(
        sql`select count(*) as n from ${sql.table('lease')} where ${mine(owner, token)}`,
      )
      return row !== undefined && row.n >= 1
    },
    hold: () => clearInterval(timer),
    async release() {
      clearInterval(timer)
      live.delete(owner)
      await warehouse.execute(sql`update ${sql.table('lease')} set owner = '' where ${mine(owner, token)}`)
    },
  }
}
