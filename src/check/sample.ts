import { referralExclusions } from '../pipeline/channels/tables.ts'
import { incrementContext } from '../pipeline/context.ts'
import { outsideHosts, shapeEvents } from '../pipeline/incoming.ts'
import { readSources } from '../pipeline/ingest.ts'
import type { PipelineOptions, SourceOptions } from '../pipeline/options.ts'
import { SOURCE_FILES } from '../pipeline/sources/read-files.ts'
import type { StageContext } from '../pipeline/stage.ts'

import { releases, userAgents } from '../pipeline/tables/records.ts'
import { integer, nullable, text } from '../pipeline/tables/table.ts'
import { openWarehouse } from '../warehouses/open.ts'
import { sql } from '../warehouses/sql.ts'
import type { Row, Warehouse } from '../warehouses/warehouse.ts'
import type { SampleLine } from './probes.ts'

const LINES = {
  file: text('Number of the file.'),
  line: integer('Line in the file.'),
  text: text('The line.', nullable),
}

/**
 * A database in memory, for messages of a sample: what a run would make of them is found out with its own SQL, without
 * touching the warehouse or a run that is in progress there.
 */
export const openScratch = (): Promise<Warehouse> =>
  openWarehouse({ kind: 'duckdb', path: ':memory:', schema: 'tributary' })

/** What the stages are told for a sample. */
export const sampleContext = (scratch: Warehouse, options: PipelineOptions): StageContext =>
  incrementContext({ d: scratch.dialect, options, run: 1, startedAt: new Date().toISOString() })

/** Checks and shapes the messages as `ingest` does: staging tables `checked` and `incoming`. */
export async function takeIn(
  scratch: Warehouse,
  c: StageContext,
  samples: readonly { readonly source: SourceOptions; readonly lines: readonly SampleLine[] }[],
): Promise<void> {
  const files: Row[] = []
  const lines: Row[] = []
  for (const { source, lines: sampled } of samples) {
    const numbers = new Map<string, number>()
    for (const { file, line, text } of sampled) {
      const number = numbers.get(file) ?? files.length + 1
      if (!numbers.has(file)) {
        numbers.set(file, number)
        files.push({
          file_number: number,
          source: source.name,
          key_source: source.deduplicateAs ?? source.name,
          file,
          problem: null,
          is_retry: 0,
          is_table: 0,
          is_row: 0,
          table_type: null,
        })
      }
      lines.push({ file: String(number), line, text })
    }
  }
  await scratch.loadStaging('source_files', SOURCE_FILES, files)
  await scratch.loadStaging('lines', LINES, lines)
  await scratch.loadStaging('retried_lines', LINES, [])
  await scratch.createTables([releases, referralExclusions])
  for (const step of readSources(c)) await scratch.stage(step.into, step.select)
  await scratch.loadStaging('agents', userAgents.columns, []) // whether bots are excluded changes nothing that is looked for
  for (const step of [outsideHosts(c), shapeEvents(c)]) await scratch.stage(step.into, step.select)
}

/** Messages that cannot be used, by source and reason, each with the first as an example. */
export interface Refused {
  readonly source: string
  readonly reason: string
  readonly count: number
  readonly file: string
  readonly line: number
  readonly detail: string
}

/** What would go to quarantine. */
export async function readRefused(scratch: Warehouse): Promise<readonly Refused[]> {
  const rows = await scratch.query<
    Row & { source: string; reason: string; refused: number; file: string; line: number; detail: string }
  >(sql`
select r.source, r.reason, r.refused, r.file, r.line, r.detail
from (
    select
        source, reason, file, line, detail,
        count(*) over (partition by source, reason) as refused,
        row_number() over (partition by source, reason order by file_number, line) as place
    from ${sql.staging('checked')}
    where reason is not null
) as r
where r.place = 1
order by r.source, r.refused desc, r.reason
`)
  return rows.map(({ refused, ...row }) => ({ ...row, count: refused }))
}
