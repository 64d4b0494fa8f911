import { describe, expect } from 'vitest'
import type { PipelineOptions } from '../../src/pipeline/options.ts'
import { holdRuns } from '../../src/pipeline/pins.ts'
import { pruneVersions } from '../../src/pipeline/prune.ts'
import { runPipeline } from '../../src/pipeline/run.ts'
import { readStatus } from '../../src/pipeline/status.ts'
import { OPEN_RUN } from '../../src/pipeline/tables/table.ts'
import { versionedTables } from '../../src/pipeline/tables/tables.ts'
import { createContext } from '../../src/resolvers/context.ts'
import { runAsOf } from '../../src/resolvers/runs.ts'
import { sql } from '../../src/warehouses/sql.ts'
import type { Row, Warehouse } from '../../src/warehouses/warehouse.ts'
import { emptyTables, optionsFor, run, temporaryFolder } from '../harness/pipeline.ts'
import { type Open, openedFor, tester } from './suite.ts'

const NOW = new Date('2025-06-30T12:00:00Z')
/** When each run was published: one a day and the last a minute ago. */
const PUBLISHED = [
  '2025-06-26T12:00Z',
  '2025-06-27T12:00Z',
  '2025-06-28T12:00Z',
  '2025-06-29T12:00Z',
  '2025-06-30T11:59Z',
]

const page = (id: string, at: string, more = {}) =>
  JSON.stringify({ type: 'page', messageId: id, anonymousId: 'ann', timestamp: `2025-06-01T${at}Z`, ...more })
/** Each day's delivery changes what was there: sessions grow, merge and change hands, refused lines are put right. */
const DAYS: readonly (readonly string[])[] = [
  [page('a', '10:00:00', { context: { page: { url: 'https://acme.test/?utm_source=x' } } }), '{"type"'],
  [page('c', '11:00:00')],
  [page('b', '10:30:00')],
  [page('d', '10:45:00', { type: 'track', event: 'Signed Up', userId: 'u-ann' })],
  [page('e', '09:45:00', { userId: 'u-ann' })],
]

/** Old versions go; what can still be asked stays as it was. */
export function testPruning(open: Open): void {
  describe('pruning', () => {
    const use = openedFor(open)
    const test = tester()

    /** Five runs that each change what the one before wrote. */
    async function withHistory(work: (warehouse: Warehouse, options: PipelineOptions) => Promise<void>): Promise<void> {
      const folder = temporaryFolder()
      const options = optionsFor(folder.path)
      try {
        folder.write('warm.jsonl', '')
        await run(use(), options)
        await emptyTables(use())
        for (const i of DAYS.keys()) {
          folder.write(
            'a.jsonl',
            DAYS.slice(0, i + 1)
              .flat()
              .join('\n')
              .replace('{"type"\n', i > 1 ? '' : '{"type"\n'),
          )
          expect((await run(use(), options, 'increment', { now: NOW })).run).toBe(i + 1)
        }
        const at = PUBLISHED.map((time, i) => sql`when ${i + 1} then ${sql.timestamp(new Date(time).toISOString())}`)
        await use().execute(
          sql`update ${sql.table('runs')} set published_at = case run_id ${sql.join(at, ' ')} end where 1 = 1`,
        )
        await work(use(), options)
        expect((await run(use(), options, 'rebuild', { now: NOW })).rowsWritten, 'rows that a rebuild writes').toBe(0)
      } finally {
        folder.remove()
      }
    }

    /** All that a run shows. */
    async function shownIn(number: number): Promise<Record<string, Row[]>> {
      const shown: Record<string, Row[]> = {}
      for (const { name, columns } of versionedTables) {
        const order = Object.keys(columns).filter((c) => c !== 'to_run')
        shown[name] = await use().query(
          sql`select ${sql.join(order)} from ${sql.table(name)} where from_run <= ${number} and to_run > ${number} order by ${sql.join(order)}`,
        )
      }
      return shown
    }
    const states = async () =>
      (await use().query<{ state: string }>(sql`select state from ${sql.table('runs')} order by run_id`)).map(
        (r) => r.state,
      )
    /** Rows that ended in a run, over all tables. */
    async function endedBy(number: number): Promise<number> {
      const counts = versionedTables.map(
        ({ name }) => sql`(select count(*) from ${sql.table(name)} where to_run > 0 and to_run <= ${number})`,
      )
      const [row] = await use().query<{ n: number }>(sql`select ${sql.join(counts, ' + ')} as n`)
      return row!.n
    }

    test('what is kept reads as before, the rest is gone, and nobody can ask for it', () =>
      withHistory(async (warehouse) => {
        const before = await Promise.all([3, 4, 5].map(shownIn))
        expect(await endedBy(3)).toBeGreaterThan(0)
        const currentRows = async () =>
          Promise.all(
            versionedTables.map(({ name }) =>
              warehouse.query(
                sql`select count(*) as n from ${sql.table(name)} where to_run = ${OPEN_RUN} or to_run = 0`,
              ),
            ),
          )
        const current = await currentRows()
        // Two days back run 3 was the one that readers saw.
        await pruneVersions(warehouse, { keepDays: 2, now: NOW })
        expect(await states()).toEqual(['pruned', 'pruned', 'published', 'published', 'published'])
        expect(await Promise.all([3, 4, 5].map(shownIn))).toEqual(before)
        expect(await endedBy(3)).toBe(0)
        expect(await endedBy(5)).toBeGreaterThan(0)
        expect(await currentRows()).toEqual(current)

        const ask = (asOf: Parameters<typeof runAsOf>[1]) =>
          runAsOf(createContext({ warehouse, signal: new AbortController().signal }), asOf)
        for (const asOf of [{ run: 2 }, { time: '2025-06-27T23:00:00Z' }]) {
          await expect(ask(asOf)).rejects.toMatchObject({
            code: 'RUN_PRUNED',
            message: expect.stringContaining('The oldest one kept is 3 (published at 2025-06-28T12:00:00'),
          })
        }
        expect((await ask({ run: 3 })).run_id).toBe(3)
        expect((await ask({ time: '2025-06-28T13:00:00Z' })).run_id).toBe(3)
        expect(await readStatus(warehouse)).toMatchObject({ run: { run: 5 }, oldest: { run: 3 } })
      }))

    test('a run stays as long as answers can be asked for a time at which it was the last', () =>
      withHistory(async (warehouse) => {
        const at = (time: string) => pruneVersions(warehouse, { keepDays: 1, now: new Date(time) })
        await at('2025-06-27T11:59:59Z')
        expect((await states()).filter((s) => s === 'pruned')).toHaveLength(0)
        await at('2025-06-29T11:59:59Z')
        expect((await states()).filter((s) => s === 'pruned')).toHaveLength(1)
        await at('2025-06-29T12:00:00Z')
        expect((await states()).filter((s) => s === 'pruned')).toHaveLength(2)
      }))

    test('the last run stays however old it is, and what was the last within the hour', () =>
      withHistory(async (warehouse) => {
        await pruneVersions(warehouse, { keepDays: 0, now: NOW })
        expect(await states()).toEqual(['pruned', 'pruned', 'pruned', 'published', 'published'])
        await pruneVersions(warehouse, { keepDays: 1, now: new Date('2035-01-01') })
        expect((await states()).at(-1)).toBe('published')
      }))

    test('what a request has pinned goes when it has ended; nobody new can ask for it', () =>
      withHistory(async (warehouse) => {
        const before = await shownIn(2)
        const pins = holdRuns(warehouse)
        const context = createContext({ warehouse, signal: new AbortController().signal, pins })
        const other = holdRuns(warehouse)
        other.pin(4)
        expect((await runAsOf(context, { time: '2025-06-27T13:00:00Z' })).run_id).toBe(2)
        await pruneVersions(warehouse, { keepDays: 1, now: NOW })
        expect(await states()).toEqual(['pruned', 'pruned', 'pruned', 'published', 'published'])
        expect(await shownIn(2)).toEqual(before)
        expect(await endedBy(2)).toBe(0)
        expect(await endedBy(4)).toBeGreaterThan(0)
        pins.release()
        await pruneVersions(warehouse, { keepDays: 1, now: NOW })
        expect(await endedBy(4)).toBe(0)
        other.release()
      }))

    test('is part of looking after a run, and fails no run', () =>
      withHistory(async (warehouse, options) => {
        const input = { options, kind: 'increment', configVersion: 'test', keepDays: 2, now: NOW } as const
        const broken: Warehouse = {
          ...warehouse,
          transaction: (statements, o) =>
            o?.label === 'prune versions'
              ? Promise.reject(new Error('no space'))
              : warehouse.transaction(statements, o),
        }
        const first = await runPipeline({ ...input, warehouse: broken })
        expect(first).toMatchObject({ state: 'published', problems: [expect.stringContaining('no space')] })
        expect(await endedBy(3)).toBeGreaterThan(0)
        expect((await runPipeline({ ...input, warehouse })).problems).toEqual([])
        expect(await endedBy(3)).toBe(0)
      }))
  })
}
