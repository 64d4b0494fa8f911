import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { runPipeline } from '../../src/pipeline/run.ts'
import { importSpend } from '../../src/pipeline/spend/import-spend.ts'
import { sql } from '../../src/warehouses/sql.ts'
import type { Warehouse } from '../../src/warehouses/warehouse.ts'
import { emptyTables, optionsFor, temporaryFolder } from '../harness/pipeline.ts'
import { faulty } from './faulty-warehouse.ts'
import { type Open, openedFor } from './suite.ts'

const page = (id: string) =>
  JSON.stringify({ type: 'page', messageId: id, anonymousId: 'ann', timestamp: '2025-01-01T10:00:00Z' })
const SPEND = 'day,source,medium,campaign,cost,currency\n2025-01-01,fb,cpc,Brand,10,EUR'

/** Runs and imports that meet in one warehouse. */
export function testMeetings(open: Open): void {
  describe('runs that meet', () => {
    const use = openedFor(open)
    const folder = temporaryFolder()
    const options = optionsFor(folder.path)
    afterAll(() => folder.remove())

    type Work = (warehouse: Warehouse) => Promise<unknown>
    const run: Work = (warehouse) =>
      runPipeline({ warehouse, options, configVersion: 'test', kind: 'increment', retry: { budget: 0 } })
    const spend: Work = (warehouse) => importSpend({ warehouse, options }, { text: SPEND, source: null })
    /** The lock is then up to nothing but what stands in its row. */
    const alone = (): Warehouse => ({ ...use(), isExclusive: true })
    const states = async () =>
      (await use().query(sql`select kind, state from ${sql.table('runs')} where run_id > 1 order by run_id`)).map(
        ({ kind, state }) => `${kind} ${state}`,
      )

    beforeEach(async () => {
      folder.write('1.jsonl', page('a'))
      await run(use())
      await emptyTables(use())
      await run(use())
      folder.write('2.jsonl', page('b'))
    })

    test.each([
      { name: 'an import', late: spend, quick: run, states: ['increment published', 'import published'] },
      { name: 'a run', late: run, quick: spend, states: ['import published', 'increment published'] },
    ])('$name that asks for the lock while the other one takes it is refused, and harms nothing', async (meeting) => {
      const reached = Promise.withResolvers<null>()
      const goOn = Promise.withResolvers<null>()
      let quick: Promise<unknown> | undefined
      // Stands still before it publishes until the late one has had its answer.
      const still = faulty(alone(), ({ label }) => {
        if (!label.endsWith('publish')) return null
        reached.resolve(null)
        return goOn.promise
      })
      const slow: Warehouse = {
        ...alone(),
        async execute(statement, o) {
          if (o?.label === 'lease' && !quick) {
            quick = meeting.quick(still)
            await Promise.race([reached.promise, quick])
          }
          return use().execute(statement, o)
        },
      }
      const late = await meeting.late(slow).catch((error) => error)
      goOn.resolve(null)
      await quick
      expect(late).toMatchObject({ code: 'RUN_IN_PROGRESS' })
      await meeting.late(alone())
      expect(await states()).toEqual(meeting.states)
    })

    test('who has lost the lock after its publication leaves the staging tables of who has it', async () => {
      let isTaken = false
      const losing = faulty(alone(), async ({ method }) => {
        const [row] = await use().query(
          sql`select max(run_id) as run from ${sql.table('runs')} where state = 'published'`,
        )
        if (isTaken || method === 'transaction' || row?.run !== 2) return null
        isTaken = true
        await use().execute(sql`update ${sql.table('lease')} set owner = 'another', token = token + 1 where 1 = 1`)
        await use().stage('of_another', sql`select 1 as one`)
        return null
      })
      await run(losing)
      expect(isTaken).toBe(true)
      expect(await use().query(sql`select one from ${sql.staging('of_another')}`)).toEqual([{ one: 1 }])
    })
  })
}
