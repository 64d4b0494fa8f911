import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { checkInstallation } from '../../src/check/check.ts'
import { openRedshift } from '../../src/warehouses/redshift.ts'
import { sql } from '../../src/warehouses/sql.ts'
import type { Warehouse } from '../../src/warehouses/warehouse.ts'
import { currentTables, optionsFor, run, temporaryFolder } from '../harness/pipeline.ts'
import { beneath, type RedshiftStandIns, standInEngine, targetOf } from '../harness/redshift-engine.ts'
import type { RedshiftStandIn } from '../standins/redshift/start.ts'
import { columnsOf } from './suite.ts'

const EVENTS = ['a', 'b']
  .map((id, i) => ({
    messageId: id,
    type: 'page',
    anonymousId: 'device',
    timestamp: `2025-01-0${i + 1}T00:00:00Z`,
    receivedAt: `2025-01-0${i + 1}T00:00:01Z`,
    context: { page: { url: `https://acme.example/${id}?utm_source=news` } },
  }))
  .map((event) => JSON.stringify(event))

/** As the user that docs/warehouses/redshift.md sets up. */
describe('a run on Redshift', () => {
  let engine: RedshiftStandIns
  let owner: Warehouse
  let standIn: RedshiftStandIn
  const folder = temporaryFolder()
  const options = optionsFor(folder.path)
  const as = (dbUser: string) => {
    const { workgroupName: _, ...target } = targetOf(standIn)
    return openRedshift({ ...target, clusterIdentifier: 'tests', dbUser })
  }
  beforeAll(async () => {
    folder.write('1.jsonl', EVENTS.join('\n'))
    engine = await standInEngine()
    owner = await engine.open()
    standIn = engine.standIns[0]!
    await beneath(standIn, async (client) => {
      await client.query('create role tributary; create schema tributary authorization tributary; create role stranger')
    })
  })
  afterAll(async () => {
    folder.remove()
    await owner.close()
    await engine.stop()
  })

  test('needs no more than a schema of its own', async () => {
    const warehouse = await as('tributary')
    expect(await run(warehouse, options)).toMatchObject({ run: 1, sources: [{ read: 2, accepted: 2 }] })
    await warehouse.close()
  })

  test('without grants is refused with what to do', async () => {
    const warehouse = await as('stranger')
    await expect(run(warehouse, options)).rejects.toMatchObject({
      message: expect.stringMatching(/permission denied for schema tributary.*docs\/warehouses\/redshift.md/),
    })
    await warehouse.close()
  })

  test('and a check says what is missing', async () => {
    const warehouse = await as('stranger')
    const input = { options, configVersion: 'test', kind: 'redshift', place: 'tests/dev' }
    const report = await checkInstallation({ ...input, warehouse })
    expect(report.findings).toContainEqual(
      expect.objectContaining({
        subject: 'warehouse',
        message: expect.stringContaining('permission denied for schema tributary'),
      }),
    )
    await warehouse.close()
    const allowed = await as('tributary')
    const { findings } = await checkInstallation({ ...input, warehouse: allowed })
    expect(findings.filter(({ severity }) => severity === 'error')).toEqual([])
    await allowed.close()
  })

  test('is not even begun with credentials that nobody knows', async () => {
    standIn.fault = () => ({ refuse: 'UnrecognizedClientException', message: 'The security token is invalid.' })
    await expect(as('tributary')).rejects.toMatchObject({
      code: 'WAREHOUSE_UNUSABLE',
      message: expect.stringContaining('credentials'),
    })
    standIn.fault = null
  })

  test('of two that start at once one goes on, the other says who runs', async () => {
    const [first, second] = [await as('tributary'), await as('tributary')]
    folder.write('2.jsonl', EVENTS[0]!.replace('"a"', '"c"'))
    const results = await Promise.allSettled([run(first, options), run(second, options)])
    const refused = results.flatMap((r) => (r.status === 'rejected' ? [r.reason] : []))
    expect(refused.map((error) => error.code)).toEqual(['RUN_IN_PROGRESS'])
    expect((await currentTables(owner)).events).toHaveLength(3)
    await Promise.all([first.close(), second.close()])
  })

  test('two processes have staging tables of their own, until a run clears what others left', async () => {
    const [first, second] = [await as('tributary'), await as('tributary')]
    const one = sql.staging('numbers')
    await first.stage('numbers', sql`select 1 as n`)
    await second.loadStaging('numbers', columnsOf({ n: 'integer' }), [{ n: 2 }])
    expect([await first.query(sql`select n from ${one}`), await second.query(sql`select n from ${one}`)]).toEqual([
      [{ n: 1 }],
      [{ n: 2 }],
    ])
    await second.dropStaging(['numbers'])
    expect(await first.query(sql`select n from ${one}`)).toEqual([{ n: 1 }])
    await second.dropStaging()
    await expect(first.query(sql`select n from ${one}`)).rejects.toThrow('does not exist')
    await Promise.all([first.close(), second.close()])
  })

  test('whose publish is carried out while every answer is lost ends as if nothing had happened', async () => {
    const warehouse = await as('tributary')
    folder.write('3.jsonl', EVENTS[0]!.replace('"a"', '"d"'))
    let dropped = 0
    standIn.fault = (operation, { StatementName }) => {
      const isPublish = operation === 'BatchExecuteStatement' && String(StatementName).includes('publish')
      return isPublish && ++dropped <= 3 ? 'drop after' : null
    }
    const report = await run(warehouse, options)
    standIn.fault = null
    expect(dropped).toBeGreaterThanOrEqual(3)
    expect(report.sources).toMatchObject([{ read: 1, accepted: 1 }])
    expect((await currentTables(owner)).events).toHaveLength(4)
    expect((await run(warehouse, options)).rowsWritten).toBe(0)
    await warehouse.close()
  })
})
