import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { type RunInput, type RunReport, runPipeline } from '../../src/pipeline/run.ts'
import { DIED } from '../../src/pipeline/run-records.ts'
import { readStatus } from '../../src/pipeline/status.ts'
import type { Retry } from '../../src/warehouses/retry.ts'
import { sql } from '../../src/warehouses/sql.ts'
import type { Row, TableSpec, Warehouse } from '../../src/warehouses/warehouse.ts'
import { emptyTables, optionsFor, temporaryFolder } from '../harness/pipeline.ts'
import { type Call, faulty, lost } from './faulty-warehouse.ts'
import { restoreTables, saveTables, stateOf } from './table-states.ts'

const fixture = (name: string) => readFileSync(new URL(`../fixtures/hand-worked/${name}`, import.meta.url), 'utf8')

/** A warehouse that loses its connection now and then: a run waits it out, and nothing is applied twice. */
export function testRetries(open: () => Promise<Warehouse>): void {
  describe('a connection that gets lost', () => {
    const folder = temporaryFolder()
    let warehouse: Warehouse
    let base: ReadonlyMap<TableSpec, readonly Row[]>
    let after: Record<string, string[]>
    let now = 0
    const run = (w: Warehouse, more: Partial<RunInput> = {}): Promise<RunReport> =>
      runPipeline({
        warehouse: w,
        options: optionsFor(folder.path),
        configVersion: 'test',
        kind: 'increment',
        now: new Date('2025-06-01T00:00:00Z'),
        retry: {
          clock: () => now,
          sleep: async (ms, signal) => {
            signal?.throwIfAborted()
            now += ms
          },
        },
        ...more,
      })
    const runs = () =>
      warehouse.query<Row & { run_id: number; state: string; error: string | null }>(
        sql`select run_id, state, error from ${sql.table('runs')} where run_id > 1 order by run_id`,
      )
    const stages = async () =>
      (await warehouse.query(sql`select * from ${sql.table('run_stages')} where run_id = 2`)).length

    beforeAll(async () => {
      warehouse = await open()
      folder.write('1.jsonl', fixture('1.jsonl'))
      await run(warehouse)
      await emptyTables(warehouse)
      await run(warehouse)
      base = await saveTables(warehouse)
      for (const name of ['2.jsonl', '3.jsonl']) folder.write(name, fixture(name))
      await run(warehouse)
      after = await stateOf(warehouse)
    })
    afterAll(async () => {
      folder.remove()
      await warehouse.close()
    })
    beforeEach(() => restoreTables(warehouse, base))

    test.each(['before', 'after'] as const)('at every statement, %s it is carried out', async (fault) => {
      const retries: Retry[] = []
      const flaky = faulty(warehouse, alternately(fault), lost)
      const report = await run(flaky, { retry: { sleep: async () => {}, onRetry: (retry) => retries.push(retry) } })
      expect(report).toMatchObject({ run: 2, state: 'published', problems: [] })
      expect(retries.length).toBeGreaterThan(100)
      expect(await stateOf(warehouse)).toEqual(after)
      expect(await runs()).toMatchObject([{ run_id: 2, state: 'published' }])
      expect(await stages()).toBe(report.stages.length)
    })

    test('at COMMIT of the publication: what `runs` says is what happened', async () => {
      let publishes = 0
      const flaky = faulty(
        warehouse,
        ({ method, label }) =>
          method === 'transaction' && label.includes('publish') && ++publishes === 1 ? 'after' : null,
        lost,
      )
      expect(await run(flaky)).toMatchObject({ state: 'published' })
      expect(publishes).toBe(1)
      expect(await stateOf(warehouse)).toEqual(after)
    })

    test('at COMMIT, and the first attempt comes through only while the second waits for it', async () => {
      let publishes = 0
      let open: { statements: Parameters<Warehouse['transaction']>[0] } | undefined
      const late: Warehouse = {
        ...warehouse,
        transaction: async (statements, o) => {
          if (!o?.label?.includes('publish')) return warehouse.transaction(statements, o)
          if (++publishes === 1) {
            open = { statements }
            throw lost('connection lost at COMMIT')
          }
          await warehouse.transaction(open!.statements)
          return warehouse.transaction(statements, o)
        },
      }
      expect(await run(late)).toMatchObject({ state: 'published' })
      expect(publishes).toBe(2)
      expect(await stateOf(warehouse)).toEqual(after)
    })

    test('for longer than the budget: the run fails, says for how long it tried, and the next one ends well', async () => {
      let isDown = false
      const down = faulty(
        warehouse,
        ({ label }) => {
          isDown ||= label.includes('sessions')
          return isDown ? 'before' : null
        },
        lost,
      )
      now = 0
      const failure = await run(down).catch((error) => error)
      expect(failure.message).toMatch(/run 2 sessions .*120 minutes/)
      expect(now).toBe(7_200_000) // what is cleaned up afterwards is tried once
      expect(await runs()).toMatchObject([{ run_id: 2, state: 'running' }]) // it could not even say so
      // Who shares a warehouse believes a silent holder for a minute; here nobody else is in it.
      expect(await run({ ...warehouse, isExclusive: true })).toMatchObject({ run: 3 })
      expect(await runs()).toMatchObject([
        { run_id: 2, state: 'failed', error: DIED },
        { run_id: 3, state: 'published' },
      ])
      expect(await stateOf(warehouse)).toEqual(after)
    })

    test('a run in progress shows, and its number is taken for good', async () => {
      let seen: unknown
      const looked = faulty(warehouse, async ({ label }) => {
        if (label.includes('sessions')) seen ??= await readStatus(warehouse)
        return null
      })
      await run(looked)
      expect(seen).toMatchObject({
        run: { run: 1 },
        runs: [{ run: 2, state: 'running', dataThrough: null }, { run: 1 }],
      })
    })

    test('a run that fails leaves no staging table', async () => {
      const failing = faulty(warehouse, ({ label }) => (label.includes('credits') ? 'before' : null))
      await expect(run(failing)).rejects.toThrow('was not made')
      await expect(warehouse.query(sql`select * from ${sql.staging('new_events')}`)).rejects.toThrow()
      expect(await runs()).toMatchObject([{ run_id: 2, state: 'failed', error: expect.stringContaining('not made') }])
    })

    test('a run whose lease was taken over ends early', async () => {
      vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
      try {
        const { dialect: d } = warehouse
        const calls: Call[] = []
        const overtaken = faulty(warehouse, async (call) => {
          const isFirst = call.label.includes('sessions') && !calls.some((c) => c.label.includes('sessions'))
          calls.push(call)
          if (!isFirst) return null
          await warehouse.execute(
            sql`update ${sql.table('lease')} set owner = 'another', token = token + 1, expires_at = ${d.now()} where name = 'pipeline'`,
          )
          const before = calls.length
          vi.advanceTimersByTime(20_000)
          while (calls.slice(before).filter((c) => c.label === 'lease').length < 2) await warehouse.ping()
          for (let i = 0; i < 5; i++) await warehouse.ping()
          return null
        })
        await expect(run(overtaken)).rejects.toMatchObject({ code: 'LEASE_LOST' })
        expect(calls.filter((c) => c.label.includes('credits') || c.label.includes('publish'))).toEqual([])
        // The other run decides what the record says: nobody else may.
        expect(await runs()).toMatchObject([{ run_id: 2, state: 'running' }])
      } finally {
        vi.useRealTimers()
      }
    })
  })
}

/** Every call fails once, and succeeds when it is made again; what is asked only once always succeeds. */
function alternately(fault: 'before' | 'after') {
  const made = new Map<string, number>()
  return ({ method, label }: Call) => {
    if (label === 'lease') return null
    const kind = `${method} ${label}`
    made.set(kind, (made.get(kind) ?? 0) + 1)
    return made.get(kind)! % 2 === 1 ? fault : null
  }
}
