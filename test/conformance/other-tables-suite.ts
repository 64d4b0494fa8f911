import { expect, test } from 'vitest'
import type { TributaryError } from '../../src/errors.ts'
import { readStatus } from '../../src/pipeline/status.ts'
import { events, quarantine } from '../../src/pipeline/tables/events.ts'
import { sql } from '../../src/warehouses/sql.ts'
import type { TableSpec } from '../../src/warehouses/warehouse.ts'
import { run } from '../harness/pipeline.ts'
import { testSettings } from '../oracle/settings.ts'
import type { Open } from './suite.ts'

/** A schema that an earlier tributary filled, whose tables had other columns. */
export function testOtherTables(open: Open): void {
  test('tables of another version are refused before anything is written, with what differs and what to do', async () => {
    const warehouse = await open()
    try {
      const { run_id, ...kept } = events.columns
      const before: TableSpec = {
        ...events,
        columns: { ...kept, number: run_id, received_at: { type: 'string', description: 'As text.' } },
      }
      await warehouse.createTables([before, quarantine])
      const { integer, string, timestamp } = warehouse.dialect.described
      const start = () => run(warehouse, testSettings, 'rebuild')
      for (const use of [start, () => readStatus(warehouse)]) {
        const error: TributaryError = await use().then(
          () => expect.unreachable(),
          (refused) => refused,
        )
        expect(error.code).toBe('WAREHOUSE_UNUSABLE')
        const [, line, ...advice] = error.message.split('\n')
        expect(line!.toLowerCase()).toBe(
          `  - table events: expected the column run_id (${integer}), but there is none; expected received_at to be ${timestamp}, but it is ${string}; has a column number that is not expected.`,
        )
        expect(advice.join(' ')).toMatch(/Nothing was written\. Rename that schema, or choose another one/)
      }
      expect(Object.keys(await warehouse.describeTables(['events', 'quarantine', 'runs']))).not.toContain('runs')

      await warehouse.execute(sql`drop table ${sql.table('events')}`)
      expect((await start()).state).toBe('published')
    } finally {
      await warehouse.close()
    }
  })
}
