import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { TributaryError } from '../errors.ts'
import type { Dialect } from '../warehouses/dialect.ts'
import { type Sql, sql } from '../warehouses/sql.ts'
import type { Row, RunOptions, Warehouse } from '../warehouses/warehouse.ts'

/** How many milliseconds a holder that says nothing is believed to live. */
const LIFETIME = 60_000

/** Leases of this process that are held or asked for, on any warehouse. */
const live = new Set<string>()

/** A held lock of the pipeline. */
export interface Lease {
  readonly token: number
  /** First statements of a transaction that only the holder may make: it fails when the lease is no longer ours, or a further condition does not hold. */
  fence(and?: Sql): readonly Sql[]
  /** Holds while the lease is ours; for records that only its holder may write. */
  readonly isHeld: Sql
  /** Aborts, with `LEASE_LOST` as reason, when a renewal finds that another run has the lease. */
  readonly lost: AbortSignal
  /** Whether the lease is still this run's. Asked once, unless told otherwise. */
  isOurs(options?: RunOptions): Promise<boolean>
  /** Stops renewing, and waits for a renewal under way: either would conflict with the publish transaction. */
  hold(): Promise<void>
  /** Renews again. */
  resume(): void
  release(): Promise<void>
}

const mine = (owner: string, token: number) => sql`name = 'pipeline' and owner = ${owner} and token = ${token}`

/** What a run says whose lease another one has. */
export const leaseLost = (cause?: unknown): TributaryError =>
  new TributaryError(
    'LEASE_LOST',
    'The lease of this run was taken over by another run, as it had not been renewed for a minute; nothing was published. The other run goes on.',
    { cause },
  )

/** Holds while the lease is this owner's. */
const held = (owner: string, token: number) =>
  sql`(select count(*) from ${sql.table('lease')} where ${mine(owner, token)}) >= 1`

/** The statements that begin a publish transaction: it fails when the lease is no longer this owner's. */
export const fenceOf = (
  d: Dialect,
  {
    owner,
    token,
    lifetime = LIFETIME,
    and = sql`1 = 1`,
  }: { owner: string; token: number; lifetime?: number; and?: Sql },
): readonly Sql[] => [
  sql`update ${sql.table('lease')} set expires_at = ${expiry(d, lifetime)} where ${mine(owner, token)}`,
  d.assertThat(
    sql`${held(owner, token)} and ${and}`,
    'The lease of this run was taken over, or the run is not at work any more; nothing was published.',
  ),
]

/**
 * Takes the lock, or says who has it. A lock whose holder is dead or silent is taken over. All times are the warehouse's:
 * clocks of machines differ.
 */
export async function acquireLease(warehouse: Warehouse, lifetime = LIFETIME): Promise<Lease> {
  const { dialect: d } = warehouse
  const lease = sql.table('lease')
  await warehouse.execute(
    sql`insert into ${lease} (name, owner, token, expires_at)
select 'pipeline', '', 0, ${d.now()} from (select 1 as one) as o where not exists (select 1 from ${lease} where name = 'pipeline')`,
  )
  const owner = `${hostname()}:${process.pid}:${randomUUID()}`
  live.add(owner)
  try {
    return keep(warehouse, owner, await take(warehouse, owner, lifetime), lifetime)
  } catch (error) {
    live.delete(owner) // refused, or failed with the lease perhaps taken: this process does not hold it
    throw error
  }
}

interface LeaseRow extends Row {
  owner: string
  token: number
  expires_at: string
  is_free: boolean
}

/**
 * The token of the lease, now this owner's. What is free is decided from the row as read, and only that very row is
 * changed: whoever was quicker has changed it. So an answer that is lost, or a conflict with somebody who asks at the same
 * time, decides nothing: sent again, the update matches no row, and the row says who has it.
 */
async function take(warehouse: Warehouse, owner: string, lifetime: number): Promise<number> {
  const { dialect: d } = warehouse
  const lease = sql.table('lease')
  // Two processes that meet in an empty table leave two rows: then every one of them counts.
  const read = () =>
    warehouse.query<LeaseRow>(
      sql`select owner, token, expires_at, (owner = '' or expires_at < ${d.now()}) as is_free from ${lease} where name = 'pipeline'`,
    )
  // Whoever opened an exclusive warehouse is alone in it: the lease of an owner who is not alive here is a dead one's.
  const isDead = (row: LeaseRow) => row.owner === '' || (warehouse.isExclusive && !live.has(row.owner))
  const isFree = (row: LeaseRow) => row.is_free || isDead(row)
  const before = await read()
  if (!before.every(isFree)) throw inProgress(before.find((row) => !isFree(row)))
  // Who was only slow may have renewed it since: that shows in nothing but the time.
  const stillFree = (row: LeaseRow) => (isDead(row) ? sql.empty : sql` and expires_at < ${d.now()}`)
  const asRead = before.map((row) => sql`(owner = ${row.owner} and token = ${row.token}${stillFree(row)})`)
  const token = Math.max(...before.map((row) => row.token)) + 1
  await warehouse.execute(
    sql`update ${lease}
set owner = ${owner}, token = ${token}, expires_at = ${expiry(d, lifetime)}
where name = 'pipeline' and (${sql.join(asRead, ' or ')})`,
    { label: 'lease' },
  )
  const after = await read()
  const other = after.find((row) => row.owner !== owner)
  if (!other && after.length > 0) return token
  await warehouse.execute(sql`update ${lease} set owner = '' where name = 'pipeline' and owner = ${owner}`)
  throw inProgress(other)
}

const inProgress = (row: LeaseRow | undefined): TributaryError =>
  new TributaryError(
    'RUN_IN_PROGRESS',
    `Another run is in progress (${row?.owner || 'unknown'}, until ${row?.expires_at ?? 'unknown'} unless it renews). Wait for it, or for its lease to run out.`,
  )

const expiry = (d: Dialect, lifetime: number): Sql => d.addMicroseconds(d.now(), sql`${lifetime * 1000}`)

function keep(warehouse: Warehouse, owner: string, token: number, lifetime: number): Lease {
  const table = sql.table('lease')
  const extend = sql`update ${table} set expires_at = ${expiry(warehouse.dialect, lifetime)} where ${mine(owner, token)}`
  const lost = new AbortController()

  const isOurs = async (o: RunOptions = { label: 'lease', once: true }) => {
    const found = sql`select count(*) as n from ${table} where ${mine(owner, token)}`
    const [row] = await warehouse.query<Row & { n: number }>(found, o)
    return row !== undefined && row.n >= 1
  }
  // A renewal that fails is not tried again at once: the next one comes soon, and the fence decides.
  const renew = async () => {
    await warehouse.execute(extend, { label: 'lease', once: true })
    if (!(await isOurs())) lost.abort(leaseLost())
  }
  let renewal: Promise<void> | null = null
  const tick = () => {
    renewal ??= renew()
      .catch(() => undefined)
      .finally(() => {
        renewal = null
      })
  }
  let timer: NodeJS.Timeout | undefined
  const resume = () => {
    clearInterval(timer)
    timer = setInterval(tick, lifetime / 3)
    timer.unref()
  }
  const hold = async () => {
    clearInterval(timer)
    await renewal
  }
  resume()

  return {
    token,
    isHeld: held(owner, token),
    lost: lost.signal,
    fence: (and) => fenceOf(warehouse.dialect, { owner, token, lifetime, ...(and ? { and } : {}) }),
    isOurs,
    hold,
    resume,
    async release() {
      await hold()
      live.delete(owner)
      await warehouse.execute(sql`update ${table} set owner = '' where ${mine(owner, token)}`, { once: true })
    },
  }
}
