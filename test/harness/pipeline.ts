import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { referenceTables } from '../../src/pipeline/channels/tables.ts'
import type { PipelineOptions } from '../../src/pipeline/options.ts'
import { type RunInput, type RunReport, type RunRequest, runPipeline } from '../../src/pipeline/run.ts'
import { tables } from '../../src/pipeline/tables/tables.ts'
import { LARGEST_TEXT } from '../../src/pipeline/waiting.ts'
import { sql } from '../../src/warehouses/sql.ts'
import type { Row, Warehouse } from '../../src/warehouses/warehouse.ts'
import { testSettings } from '../oracle/settings.ts'

/** A folder of files that goes away with the test. */
export function temporaryFolder(): {
  path: string
  write(name: string, content: string | Uint8Array): string
  remove(): void
} {
  const path = mkdtempSync(join(tmpdir(), 'tributary-test-'))
  return {
    path,
    write(name, content) {
      const file = join(path, name)
      mkdirSync(dirname(file), { recursive: true })
      writeFileSync(file, content)
      return file
    },
    remove: () => rmSync(path, { recursive: true, force: true }),
  }
}

/** Options for tests that read one folder. */
export function optionsFor(folder: string, more: Partial<PipelineOptions> = {}): PipelineOptions {
  return { ...testSettings, ...more, sources: [{ kind: 'files', name: 'events', path: folder, deduplicateAs: null }] }
}

/** Runs the pipeline as a command would. */
export function run(
  warehouse: Warehouse,
  options: PipelineOptions,
  kind: RunRequest['kind'] = 'increment',
  more: Partial<RunInput> = {},
): Promise<RunReport> {
  return runPipeline({ warehouse, options, kind, configVersion: 'test', ...more })
}

/** Empties every table but the reference data, so that one warehouse serves many cases. */
export async function emptyTables(warehouse: Warehouse): Promise<void> {
  const kept = new Set([...referenceTables.map((t) => t.name), 'user_agents'])
  const statements = tables
    .filter((t) => !kept.has(t.name))
    .map(
      (t) =>
        sql`delete from ${sql.table(t.name)} where ${t.versioned ? sql`to_run <> 0` : t.name === 'stage_fingerprints' ? sql`run_id > 0` : sql`1 = 1`}`,
    )
  await warehouse.transaction(statements)
}

/** Rows of a table or view, in the order of some columns. */
export function rowsOf(warehouse: Warehouse, name: string, order: readonly string[]): Promise<Row[]> {
  return warehouse.query(sql`select * from ${sql.table(name)} order by ${sql.join([...order])}`)
}

/** Current rows of the output tables, as the oracle names and sorts them. */
export async function currentTables(warehouse: Warehouse): Promise<Record<string, unknown[]>> {
  const current = (name: string, order: readonly string[]) => rowsOf(warehouse, `current_${name}`, order)
  return {
    events: await warehouse.query(
      sql`select * from ${sql.table('events')} where not ${isRefused} order by event_key, received_at`,
    ),
    quarantine: await warehouse.query(
      sql`select reason, count(*) as ${sql.id('count')} from ${sql.table('current_quarantine')} group by reason order by reason`,
    ),
    refused_messages: await refusedMessages(warehouse),
    known_pairs: await current('known_pairs', ['anonymous_id', 'user_id']),
    aliases: await current('aliases', ['id', 'person_id']),
    sessions: await current('sessions', ['session_id']),
    touches: await current('touches', ['touch_id', 'session_id']),
    conversions: await current('conversions', ['conversion_id']),
    credits: await current('credits', ['conversion_id', 'touch_id']),
    attribution: await current('attribution', ['person_id']),
    people: (
      await warehouse.query<Row & { person_id: string }>(
        sql`select distinct person_id from ${sql.table('current_aliases')} order by person_id`,
      )
    ).map((r) => r.person_id),
    channelTotals: await warehouse.query(sql`
select channel, source, medium, campaign, sum(touches) as touches, sum(sessions) as sessions
from ${sql.table('channel_stats')} as s
where conversion = '' and company_id = ''
group by channel, source, medium, campaign
having sum(s.touches) <> 0 or sum(s.sessions) <> 0
order by channel, source nulls first, medium nulls first, campaign nulls first`),
  }
}

const isRefused = sql`coalesce(excluded_reason, '') in ('NO_ID', 'PAST')`

/** Messages that the settings refuse, and why: in quarantine, or taken in before the settings changed. */
async function refusedMessages(warehouse: Warehouse): Promise<unknown[]> {
  const lines = await warehouse.query<Row & { reason: string; text: string }>(
    sql`select reason, text from ${sql.table('current_quarantine')} where reason in ('NO_ID', 'PAST')`,
  )
  const events = await warehouse.query<Row & { reason: string; event_id: string }>(
    sql`select excluded_reason as reason, event_id from ${sql.table('events')} where ${isRefused}`,
  )
  // What quarantine cut is no JSON any more.
  const written = (text: string) => /"messageId": *"([^"\\]+)"/.exec(text)?.[1]
  const parsed = (text: string) => (text.length < LARGEST_TEXT ? JSON.parse(text).messageId : written(text))
  const idOf = (text: string): string => parsed(text) ?? createHash('md5').update(text.trim(), 'utf8').digest('hex')
  const all = [...lines.map(({ reason, text }) => ({ event_id: idOf(text), reason })), ...events]
  const distinct = new Map(all.map(({ event_id, reason }) => [`${event_id} ${reason}`, { event_id, reason }]))
  return [...distinct].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, message]) => message)
}
