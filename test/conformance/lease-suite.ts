import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { acquireLease, type Lease } from '../../src/pipeline/lease.ts'
import { prepareWarehouse } from '../../src/pipeline/prepare.ts'
import { withRetries } from '../../src/warehouses/retry.ts'
import { sql } from '../../src/warehouses/sql.ts'
import type { Row, Warehouse } from '../../src/warehouses/warehouse.ts'
import { faulty, lost } from './faulty-warehouse.ts'
import { type Open, openedFor } from './suite.ts'

const RENEWED_EVERY = 20_000

/** One run at a time, across processes: who holds the lock, who may take it, and who learns that it is gone. */
export function testLease(open: Open): void {
  describe('lease', () => {
    const opened = openedFor(open)
    /** As several processes see it: nobody is alone in it. */
    const shared = (): Warehouse => ({ ...opened(), isExclusive: false })
    const row = async () => (await opened().query<Row & { owner: string; token: number }>(READ))[0]!
    const expire = () =>
      opened().execute(
        sql`update ${sql.table('lease')} set expires_at = ${opened().dialect.addMicroseconds(opened().dialect.now(), sql`-1`)} where 1 = 1`,
      )
    const refusal = { code: 'RUN_IN_PROGRESS' }
    let held: Lease[] = []
    const acquire = async (warehouse: Warehouse) => {
      const lease = await acquireLease(warehouse)
      held.push(lease)
      return lease
    }

    beforeEach(async () => {
      vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
      await prepareWarehouse(opened())
      await opened().execute(sql`delete from ${sql.table('lease')} where 1 = 1`)
    })
    afterEach(async () => {
      for (const lease of held) await lease.release()
      held = []
      vi.useRealTimers()
    })

    test('is refused while somebody has it, and free when it is given back; its token grows', async () => {
      const first = await acquire(shared())
      await expect(acquireLease(shared())).rejects.toMatchObject(refusal)
      await expect(acquireLease(opened())).rejects.toMatchObject(refusal)
      await first.release()
      const second = await acquire(shared())
      expect(second.token).toBeGreaterThan(first.token)
    })

    test('two who ask at once: one has it', async () => {
      const asked = await Promise.allSettled([acquire(withRetries(shared())), acquire(withRetries(shared()))])
      expect(asked.map((a) => a.status).sort()).toEqual(['fulfilled', 'rejected'])
      expect(asked.find((a) => a.status === 'rejected')).toMatchObject({ reason: refusal })
    })

    test('who comes late with what it saw before is refused, though alone in the warehouse', async () => {
      const alone: Warehouse = { ...opened(), isExclusive: true }
      let quicker: Lease | undefined
      const slow: Warehouse = {
        ...alone,
        async execute(statement, o) {
          if (o?.label === 'lease' && !quicker) quicker = await acquire(alone)
          return alone.execute(statement, o)
        },
      }
      await expect(acquireLease(slow)).rejects.toMatchObject(refusal)
      expect(await quicker?.isOurs()).toBe(true)
    })

    test('who was only slow keeps it, when it renews before another takes it', async () => {
      const slow = await acquire(shared())
      await expire()
      const late: Warehouse = {
        ...shared(),
        async execute(statement, o) {
          if (o?.label === 'lease') await vi.advanceTimersByTimeAsync(RENEWED_EVERY)
          if (o?.label === 'lease') await slow.hold()
          return shared().execute(statement, o)
        },
      }
      await expect(acquireLease(late)).rejects.toMatchObject(refusal)
      expect(await slow.isOurs()).toBe(true)
    })

    test('two rows, of two who met in an empty table, count as one', async () => {
      const { dialect } = opened()
      const table = sql.table('lease')
      await opened().execute(
        sql`insert into ${table} (name, owner, token, expires_at) select 'pipeline', '', 3, ${dialect.now()}`,
      )
      await opened().execute(
        sql`insert into ${table} (name, owner, token, expires_at) select 'pipeline', '', 1, ${dialect.now()}`,
      )
      const first = await acquire(shared())
      await expect(acquireLease(shared())).rejects.toMatchObject(refusal)
      await first.release()
      const second = await acquire(shared())
      expect(second.token).toBeGreaterThan(first.token)
      expect(await second.isOurs()).toBe(true)
    })

    test('a silent holder is believed for a minute of the warehouse’s clock, whatever clocks here say', async () => {
      await acquire(shared())
      vi.setSystemTime(new Date('2099-01-01'))
      await expect(acquireLease(shared())).rejects.toMatchObject(refusal)
      await expire()
      const second = await acquire(shared())
      expect(await held[0]!.isOurs()).toBe(false)
      expect(await second.isOurs()).toBe(true)
    })

    test('who is alone in the warehouse takes a dead one’s at once', async () => {
      await acquire(shared()).then((lease) => lease.release())
      await opened().execute(
        sql`update ${sql.table('lease')} set owner = 'another process', expires_at = ${opened().dialect.addMicroseconds(opened().dialect.now(), sql`60000000`)} where 1 = 1`,
      )
      await expect(acquireLease(shared())).rejects.toMatchObject(refusal)
      expect(await (await acquire({ ...opened(), isExclusive: true })).isOurs()).toBe(true)
    })

    test.each(['before', 'after'] as const)(
      'the lock is asked for again when the answer is lost, %s',
      async (fault) => {
        let asked = 0
        const flaky = faulty(
          shared(),
          ({ method, label }) => (method === 'execute' && label === 'lease' && ++asked === 1 ? fault : null),
          lost,
        )
        const lease = await acquire(withRetries(flaky, { sleep: async () => {} }))
        expect(asked).toBe(2)
        expect(await lease.isOurs()).toBe(true)
        expect((await row()).token).toBe(lease.token)
      },
    )

    test('is renewed while it is held, and no longer when a publish begins', async () => {
      let renewals = 0
      const counted = faulty(shared(), ({ method, label }) => {
        if (method === 'execute' && label === 'lease') renewals++
        return null
      })
      const lease = await acquire(counted)
      renewals = 0
      await expire()
      vi.advanceTimersByTime(RENEWED_EVERY)
      await lease.hold()
      expect(renewals).toBe(1)
      await expect(acquireLease(shared())).rejects.toMatchObject(refusal) // it is a minute ahead again
      vi.advanceTimersByTime(10 * RENEWED_EVERY)
      expect(renewals).toBe(1)
      lease.resume()
      vi.advanceTimersByTime(RENEWED_EVERY)
      await lease.hold()
      expect(renewals).toBe(2)
    })

    test('to hold waits for a renewal under way', async () => {
      const gate = Promise.withResolvers<null>()
      let isGated = false
      const slow = faulty(shared(), ({ label }) => (isGated && label === 'lease' ? gate.promise : null))
      const lease = await acquire(slow)
      isGated = true
      vi.advanceTimersByTime(RENEWED_EVERY)
      let isHeld = false
      const holding = lease.hold().then(() => {
        isHeld = true
      })
      for (let i = 0; i < 5; i++) await opened().ping()
      expect(isHeld).toBe(false)
      gate.resolve(null)
      await holding
      expect(isHeld).toBe(true)
    })

    test('a renewal that finds it taken over tells; one that fails does not', async () => {
      let isDown = false
      const lease = await acquire(faulty(shared(), () => (isDown ? 'before' : null), lost))
      isDown = true
      vi.advanceTimersByTime(RENEWED_EVERY)
      await lease.hold()
      expect(lease.lost.aborted).toBe(false)
      isDown = false
      await expire()
      await acquire(shared())
      lease.resume()
      vi.advanceTimersByTime(RENEWED_EVERY)
      await lease.hold()
      expect(lease.lost.reason).toMatchObject({ code: 'LEASE_LOST' })
    })

    test('the fence of a lost lease lets no transaction through', async () => {
      const first = await acquire(shared())
      await opened().transaction(first.fence())
      await expire()
      await acquire(shared())
      await expect(opened().transaction(first.fence())).rejects.toThrow('taken over')
    })

    test('to give back what another has leaves it with them', async () => {
      const first = await acquire(shared())
      await expire()
      const second = await acquire(shared())
      await first.release()
      expect(await second.isOurs()).toBe(true)
    })
  })
}

const READ = sql`select owner, token from ${sql.table('lease')} where name = 'pipeline'`
