import { afterAll, beforeAll, beforeEach, expect } from 'vitest'
import type { PipelineOptions, SourceOptions, TableSource } from '../../src/pipeline/options.ts'
import { type RunInput, type RunReport, runPipeline } from '../../src/pipeline/run.ts'
import { sql } from '../../src/warehouses/sql.ts'
import type { Row, Warehouse } from '../../src/warehouses/warehouse.ts'
import { emptyTables, optionsFor, run, temporaryFolder } from '../harness/pipeline.ts'
import { deliver, dropSchema, type Message, segmentTables } from '../harness/source-tables.ts'
import { testSettings } from '../oracle/settings.ts'
import type { Open } from './suite.ts'

export const schema = 'segment_prod'
export const tableSource: TableSource = { kind: 'segment', name: 'web', schema, deduplicateAs: null }

/** A page view of a device of its own. */
export const page = (id: string, readableAt: string | null, more: Message = {}): Message => ({
  ...{ type: 'page', messageId: id, anonymousId: `a-${id}`, readableAt },
  ...{ timestamp: '2025-03-01T10:00:00.000000Z', receivedAt: '2025-03-01T10:00:01.000000Z', ...more },
})

/** An order of a user of its own. */
export const order = (id: string, properties: Message, more: Message = {}): Message => ({
  ...page(id, '2025-03-02T00:00:00.000000Z'),
  ...{ type: 'track', event: 'Order Completed', userId: `u-${id}`, properties, ...more },
})

/** Within a `describe`: a warehouse emptied before each test, and what the suites about tables of a source do with it. */
export function useSourceTables(open: Open) {
  let warehouse: Warehouse
  beforeAll(async () => {
    warehouse = await open()
    const folder = temporaryFolder()
    await run(warehouse, optionsFor(folder.path))
    folder.remove()
  })
  beforeEach(async () => {
    await emptyTables(warehouse)
    await dropSchema(warehouse, schema)
  })
  afterAll(() => warehouse.close())

  const load = (...messages: Message[]) => deliver(warehouse, schema, segmentTables(messages))
  const execute = (statement: ReturnType<typeof sql>) => warehouse.execute(statement)
  const table = (name: string) => sql`${sql.id(schema)}.${sql.id(name)}`

  /** A run; what it took from the source `web`. */
  async function take(
    more: { source?: Partial<TableSource>; sources?: SourceOptions[]; acceptColumns?: boolean; now?: Date } & Pick<
      RunInput,
      'signal' | 'onProgress'
    > = {},
    settings: Partial<PipelineOptions> = {},
  ) {
    const { source, sources = [{ ...tableSource, ...source }], ...request } = more
    const options = { ...testSettings, ...settings, sources }
    const report: RunReport = await runPipeline({
      ...{ warehouse, options, kind: 'increment', configVersion: 'test' },
      ...request,
    })
    return { ...report, web: report.sources.find((s) => s.source === 'web') }
  }
  const query = (text: ReturnType<typeof sql>) => warehouse.query<Row>(text)
  const eventIds = async () =>
    (await query(sql`select event_id from ${sql.table('events')} order by event_id`)).map((r) => r.event_id)
  const values = async () =>
    (await query(sql`select conversion, value, currency, value_problem from ${sql.table('current_conversions')}`)).map(
      (r) => [r.value, r.currency, r.value_problem],
    )
  const failure = async (more: Parameters<typeof take>[0] = {}) => {
    const before = await eventIds()
    const error = await take(more).then(
      () => null,
      (e) => e as Error & { code: string },
    )
    expect(error, 'the run ends with an error').not.toBeNull()
    expect(await eventIds()).toEqual(before)
    return error!
  }

  return { load, execute, table, take, query, eventIds, values, failure, opened: () => warehouse }
}
