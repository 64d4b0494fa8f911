import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import { TributaryError } from '../errors.ts'
import { type Sql, sql } from '../warehouses/sql.ts'
import type { Row, Warehouse } from '../warehouses/warehouse.ts'

/** How long a holder that says nothing is believed to live. */
const LIFETIME = 60_000_000

/** This process, among all that may share the warehouse. */
const ME = `${hostname()}:${process.pid}:${randomUUID()}`

/** A held lock of the pipeline. */
export interface Lease {
  readonly token: number
  /** First statements of the publish transaction: it fails when the lease is no longer ours. */
  readonly fence: readonly Sql[]
  /** Stops renewing: a renewal would conflict with the publish transaction. */
  hold(): void
  release(): Promise<void>
}

const mine = (token: number) => sql`name = 'pipeline' and owner = ${ME} and token = ${token}`

/** Takes the lock, or says who has it. A lock whose holder is dead or silent is taken over. */
export async function acquireLease(warehouse: Warehouse): Promise<Lease> {
  const { dialect: d } = warehouse
  const lease = sql.table('lease')
  await warehouse.execute(
    sql`insert into ${lease} (name, owner, token, expires_at)
select 'pipeline', '', 0, ${d.now()} where not exists (select 1 from ${lease} where name = 'pipeline')`,
  )
  // Whoever opened an exclusive warehouse is alone in it: another owner's lease is a dead one's.
  const isFree = warehouse.isExclusive
    ? sql`(owner <> ${ME} or expires_at < ${d.now()})`
    : sql`(owner = '' or expires_at < ${d.now()})`
  await warehouse.execute(
    sql`update ${lease}
set owner = ${ME}, token = token + 1, expires_at = ${d.addMicroseconds(d.now(), sql`${LIFETIME}`)}
where name = 'pipeline' and ${isFree}`,
  )
  const [row] = await warehouse.query<Row & { owner: string; token: number; expires_at: string }>(
    sql`select owner, token, expires_at from ${lease} where name = 'pipeline'`,
  )
  if (!row || row.owner !== ME || held.has(row.token)) {
    throw new TributaryError(
      'RUN_IN_PROGRESS',
      `Another run is in progress (${row?.owner ?? 'unknown'}, until ${row?.expires_at ?? 'unknown'} unless it renews). Wait for it, or for its lease to run out.`,
    )
  }
  held.add(row.token)
  return keep(warehouse, row.token)
}

/** Tokens this process holds: its own second run must not take the first one's lease. */
const held = new Set<number>()

function keep(warehouse: Warehouse, token: number): Lease {
  const { dialect: d } = warehouse
  const renew = () =>
    warehouse
      .execute(
        sql`update ${sql.table('lease')}
set expires_at = ${d.addMicroseconds(d.now(), sql`${LIFETIME}`)} where ${mine(token)}`,
      )
      .catch(() => undefined) // the fence decides; a missed renewal is tried again
  const timer = setInterval(renew, LIFETIME / 1000 / 3)
  timer.unref()
  return {
    token,
    fence: [
      sql`update ${sql.table('lease')} set expires_at = ${d.addMicroseconds(d.now(), sql`${LIFETIME}`)} where ${mine(token)}`,
      d.assertThat(
        sql`(select count(*) from ${sql.table('lease')} where ${mine(token)}) = 1`,
        'The lease of this run was taken over; nothing was published.',
      ),
    ],
    hold: () => clearInterval(timer),
    async release() {
      clearInterval(timer)
      held.delete(token)
      await warehouse.execute(sql`update ${sql.table('lease')} set owner = '' where ${mine(token)}`)
    },
  }
}
