import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { PipelineOptions } from '../../src/pipeline/options.ts'
import { type ProgressEvent, type RunReport, runPipeline } from '../../src/pipeline/run.ts'
import { sql } from '../../src/warehouses/sql.ts'
import type { Row, TableSpec, Warehouse } from '../../src/warehouses/warehouse.ts'
import { currentTables, emptyTables, optionsFor, temporaryFolder } from '../harness/pipeline.ts'
import { Broken, type Call, type Fault, faulty } from './faulty-warehouse.ts'
import { restoreTables, saveTables, stateOf } from './table-states.ts'

const fixture = (name: string) => readFileSync(new URL(`../fixtures/hand-worked/${name}`, import.meta.url), 'utf8')
const NOW = new Date('2025-06-01T00:00:00Z')
/** Calls whose answer can get lost in a way that matters. */
const isWrite = (call: Call) => call.method !== 'query' && call.method !== 'stage'
const SHARDS = [0, 1, 2, 3]

/** A run that fails anywhere leaves the published tables as they were, and the next run ends as if nothing had happened. */
export function testFaults(open: () => Promise<Warehouse>, { every }: { every: number }): void {
  describe('faults', () => {
    const folder = temporaryFolder()
    const options: PipelineOptions = optionsFor(folder.path)
    let warehouse: Warehouse
    /** After a first run over one file, before the one that is disturbed, which reads two. */
    let base: ReadonlyMap<TableSpec, readonly Row[]>
    let before: Record<string, unknown[]>
    let stateBefore: Record<string, string[]>
    /** After the same run, undisturbed. */
    let after: Record<string, unknown[]>
    let stateAfter: Record<string, string[]>
    const calls: Call[] = []

    type More = { onProgress?: (event: ProgressEvent) => void; signal?: AbortSignal; options?: PipelineOptions }
    const run = (w: Warehouse, more: More = {}): Promise<RunReport> =>
      runPipeline({ warehouse: w, options, configVersion: 'test', kind: 'increment', now: NOW, ...more })
    /** What the views show. `events` and `channel_stats` have no versions but the run that wrote each row: see `stateOf`. */
    const published = async () => {
      const { events, channelTotals, ...views } = await currentTables(warehouse)
      return views
    }
    const runs = () =>
      warehouse.query<Row & { run_id: number; state: string; error: string | null }>(
        sql`select run_id, state, error from ${sql.table('runs')} where run_id > 1 order by run_id`,
      )

    beforeAll(async () => {
      warehouse = await open()
      folder.write('1.jsonl', fixture('1.jsonl'))
      await run(warehouse)
      await emptyTables(warehouse)
      await run(warehouse)
      base = await saveTables(warehouse)
      before = await published()
      stateBefore = await stateOf(warehouse)
      for (const name of ['2.jsonl', '3.jsonl']) folder.write(name, fixture(name))
      await run(
        faulty(warehouse, (call) => {
          calls.push(call)
          return null
        }),
      )
      after = await published()
      stateAfter = await stateOf(warehouse)
      expect(after).not.toEqual(before)
    })
    afterAll(async () => {
      folder.remove()
      await warehouse.close()
    })
    beforeEach(() => restoreTables(warehouse, base))

    /** What readers see is the one or the other; what the next run makes is what it would have made. */
    async function expectUnharmed(what: string): Promise<void> {
      const isPublished = (await runs()).some((r) => r.state === 'published')
      expect(await published(), `${what}: tables after the failure`).toEqual(isPublished ? after : before)
      const isWritten = (await runs()).some((r) => r.state === 'written' || r.state === 'published')
      expect(await stateOf(warehouse), `${what}: all rows after the failure`).toEqual(
        isWritten ? stateAfter : stateBefore,
      )
      // A dead run keeps the lease: who shares a warehouse believes it for a minute, which nobody waits for here.
      await run(faulty({ ...warehouse, isExclusive: true }, () => null))
      expect(await published(), `${what}: tables after the next run`).toEqual(after)
      expect(await stateOf(warehouse), `${what}: all rows after the next run`).toEqual(stateAfter)
    }

    test('the restored tables are those that were saved', async () => {
      expect(await published()).toEqual(before)
      expect(await stateOf(warehouse)).toEqual(stateBefore)
    })

    test.each(SHARDS)(
      `every ${every}th call of a run fails in turn, share %i of ${SHARDS.length}`,
      { timeout: 600_000 },
      async (share) => {
        for (const call of calls.filter((c) => c.number % (SHARDS.length * every) === share * every)) {
          const way = call.number % 8 < 4 ? 'once' : 'dead'
          for (const effect of isWrite(call) ? (['answer lost', way] as const) : [way]) {
            await restoreTables(warehouse, base)
            const what = `${effect}, call ${call.number} of ${calls.length}, ${call.method} ${call.label}`
            let hit = false
            const disturbed = faulty(warehouse, ({ number }): Fault | null => {
              if (number < call.number || (effect !== 'dead' && number > call.number)) return null
              hit = true
              return effect === 'answer lost' && number === call.number ? 'after' : 'before'
            })
            const failure = await run(disturbed).then(
              () => null,
              (error) => error as unknown,
            )
            expect(hit, what).toBe(true)
            if (failure !== null) expect(failure, what).toBeInstanceOf(Broken)
            await expectUnharmed(what)
          }
        }
      },
    )

    test('a first run that fails while it makes the tables', { timeout: 300_000 }, async () => {
      const first = calls.filter((c) => ['createTables', 'createView'].includes(c.method)).length + 4
      for (let failing = 1; failing <= first; failing += 3) {
        const fresh = await open()
        try {
          const fate = ({ number }: Call) => (number >= failing ? 'before' : null)
          await expect(run(faulty(fresh, fate))).rejects.toBeInstanceOf(Broken)
          await run(faulty({ ...fresh, isExclusive: true }, () => null)) // it may have died with the lease
          const { events, channelTotals, ...views } = await currentTables(fresh)
          expect(views).toEqual(after)
        } finally {
          await fresh.close()
        }
      }
    })

    test('between the transaction and its publication: the next run publishes it, even one that dies right after', async () => {
      let isWritten = false
      const dies = faulty(warehouse, ({ method, label }) => {
        const fault = isWritten ? 'before' : null
        isWritten ||= method === 'transaction' && label.includes('publish')
        return fault
      })
      await expect(run(dies)).rejects.toBeInstanceOf(Broken)
      expect(await runs()).toMatchObject([{ run_id: 2, state: 'written' }])
      expect(await published()).toEqual(before)
      // Who shares a warehouse waits until the lease of a dead one has run out.
      const alone = { ...warehouse, isExclusive: true }
      const diesToo = faulty(alone, ({ method }) => (method === 'dropStaging' ? 'before' : null))
      await expect(run(diesToo)).rejects.toBeInstanceOf(Broken)
      expect(await runs()).toMatchObject([{ run_id: 2, state: 'published' }])
      expect(await published()).toEqual(after)
      expect((await run(alone)).rowsWritten).toBe(0)
      expect(await stateOf(warehouse)).toEqual(stateAfter)
    })

    test.each([0, 1, 2, 3])('check %i fails: nothing is written, and the record says why', async (failing) => {
      let check = 0
      const doubting: Warehouse = {
        ...warehouse,
        query: async <R extends Row>(...[query, o]: Parameters<Warehouse['query']>) =>
          o?.label === 'checks' && check++ === failing
            ? ([{ broken: 3 }] as unknown as R[])
            : warehouse.query<R>(query, o),
      }
      await expect(run(doubting)).rejects.toMatchObject({
        code: 'CHECK_FAILED',
        message: expect.stringMatching(/3 do not/),
      })
      expect(await runs()).toMatchObject([{ state: 'failed', error: expect.stringContaining('Expected that') }])
      await expectUnharmed(`check ${failing}`)
    })

    describe('an abort', () => {
      test('before the run', async () => {
        await expect(run(warehouse, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'QUERY_CANCELLED' })
        await expectUnharmed('aborted before')
      })

      test.each([
        'ingest',
        'visits',
        'identities',
        'sessions',
        'touches',
        'conversions',
        'credits',
        'rollups',
        'publish',
      ])('when %s begins', async (stage) => {
        const controller = new AbortController()
        const onProgress = (e: ProgressEvent) => e.stage === stage && e.state === 'started' && controller.abort()
        const aborted = run(warehouse, { signal: controller.signal, onProgress })
        await expect(aborted).rejects.toMatchObject({ code: 'QUERY_CANCELLED' })
        expect(await runs()).toMatchObject([{ state: 'failed' }])
        await expectUnharmed(`aborted when ${stage} began`)
      })

      test.each(['loadLines', 'loadStaging', 'transaction', 'maintain'])(
        'during %s: cancelled or published, never half',
        async (method) => {
          const controller = new AbortController()
          const aborting = faulty(warehouse, (call) => {
            if (call.method === method && (method !== 'transaction' || call.label.includes('publish')))
              controller.abort()
            return null
          })
          const failure = await run(aborting, { signal: controller.signal }).then(
            () => null,
            (error) => error as { code?: string },
          )
          expect(controller.signal.aborted).toBe(true)
          if (failure) expect(failure).toMatchObject({ code: 'QUERY_CANCELLED' })
          else expect(await published()).toEqual(after)
          await expectUnharmed(`aborted during ${method}`)
        },
      )
    })

    describe('two runs at once', () => {
      test.each(['ingest', 'sessions', 'publish', 'maintain'])(
        'the second, begun during %s, is refused, and the first ends well',
        async (stage) => {
          let second: Promise<unknown> | undefined
          await run(
            faulty(warehouse, async (call) => {
              if (second || !call.label.includes(stage === 'maintain' ? 'publish' : stage)) return null
              second = run(warehouse).catch((error) => error)
              return second.then(() => null)
            }),
          )
          expect(await second).toMatchObject({ code: 'RUN_IN_PROGRESS' })
          await expectUnharmed(`a second run during ${stage}`)
        },
      )

      test('begun together: one is refused, the other ends well', async () => {
        const ended = await Promise.allSettled([run(warehouse), run(warehouse)])
        expect(ended.map((e) => e.status).sort()).toEqual(['fulfilled', 'rejected'])
        expect(ended.find((e) => e.status === 'rejected')).toMatchObject({ reason: { code: 'RUN_IN_PROGRESS' } })
        await expectUnharmed('two runs together')
      })

      test('on two warehouses: each ends well', async () => {
        const [one, other] = [await open(), await open()]
        try {
          const ended = await Promise.allSettled([run(one), run(other)])
          expect(ended.map((e) => (e.status === 'fulfilled' ? 'ended well' : String(e.reason)))).toEqual([
            'ended well',
            'ended well',
          ])
        } finally {
          await one.close()
          await other.close()
        }
      })

      test('a run whose lease was taken over meanwhile cannot publish', async () => {
        const { dialect: d } = warehouse
        const takeOver = sql`update ${sql.table('lease')} set owner = 'another', token = token + 1, expires_at = ${d.addMicroseconds(d.now(), sql`1`)} where name = 'pipeline'`
        const overtaken = faulty(warehouse, async ({ method, label }) => {
          if (method === 'transaction' && label.includes('publish')) await warehouse.execute(takeOver)
          return null
        })
        await expect(run(overtaken)).rejects.toMatchObject({
          code: 'LEASE_LOST',
          message: expect.stringContaining('taken over'),
        })
        await expectUnharmed('lease taken over')
      })
    })
  })
}
