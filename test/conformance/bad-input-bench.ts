import { join } from 'node:path'
import { expect } from 'vitest'
import type { PipelineOptions } from '../../src/pipeline/options.ts'
import { type RunReport, type RunRequest, runPipeline } from '../../src/pipeline/run.ts'
import { readStatus } from '../../src/pipeline/status.ts'
import { type Sql, sql } from '../../src/warehouses/sql.ts'
import type { Row, Warehouse } from '../../src/warehouses/warehouse.ts'
import { currentTables, emptyTables, optionsFor, run, temporaryFolder } from '../harness/pipeline.ts'

const REASONS = ['UNREADABLE', 'UNKNOWN_TYPE', 'WRONG_TYPE', 'NO_ID', 'NO_TIME', 'FUTURE', 'PAST'] as const

/** An open row of quarantine. */
export type Refused = Row & { source: string; file: string; line: number; reason: string; detail: string }

/** What became of one of many cases: its part of the report of a run, its events and its open rows of quarantine. */
export interface CaseOutcome {
  readonly report: RunReport['sources'][number] | undefined
  readonly problems: readonly string[]
  readonly ids: readonly string[]
  readonly refusedAt: readonly string[]
}

/** The source, and the folder, of the case with this number. */
const caseOf = (i: number): string => `case-${String(i).padStart(2, '0')}`

/** A good line. */
export const good = (id: string, more = ''): string =>
  `{"type":"page","messageId":"${id}","anonymousId":"${id}","timestamp":"2025-03-01T10:00:00Z"${more}}`

/** A line that is no JSON, and which one it is. */
export const bad = (id: string): string => `{"type":"page","messageId":"${id}"`

const at = (q: Refused): string => `${q.file}:${q.line} ${q.reason}`

/** Empty tables and a folder of its own; what must hold after any input is checked at the end. */
export class Bench {
  readonly folder = temporaryFolder()
  readonly warehouse: Warehouse
  private options: PipelineOptions

  private constructor(warehouse: Warehouse, options: Partial<PipelineOptions>) {
    this.warehouse = warehouse
    this.options = optionsFor(this.folder.path, options)
  }

  static async use(
    warehouse: Warehouse,
    work: (bench: Bench) => Promise<void>,
    options: Partial<PipelineOptions> = {},
  ): Promise<void> {
    const bench = new Bench(warehouse, options)
    try {
      await prepare(warehouse)
      await work(bench)
      await bench.expectPromises()
    } finally {
      bench.folder.remove()
    }
  }

  /** The sources from now on: by name, paths inside the folder. */
  read(paths: Readonly<Record<string, string>>, deduplicateAs: string | null = null): void {
    const sources = Object.entries(paths).map(([name, path]) => ({
      kind: 'files' as const,
      name,
      path: path === '' ? this.folder.path : `${this.folder.path}/${path}`,
      deduplicateAs,
    }))
    this.options = { ...this.options, sources }
  }

  /** Other settings from now on; the version stays, so that nothing is computed anew for them. */
  change(options: Partial<PipelineOptions>): void {
    this.options = { ...this.options, ...options }
  }

  write(name: string, ...lines: readonly string[]): string {
    return this.folder.write(name, lines.map((line) => `${line}\n`).join(''))
  }

  /** A run, with the sum of promise 3 checked for each source. */
  async run(
    more: Partial<RunRequest> & { now?: Date; signal?: AbortSignal; warehouse?: Warehouse } = {},
  ): Promise<RunReport> {
    const { warehouse, options } = this
    const report = await runPipeline({ warehouse, options, kind: 'increment', configVersion: 'test', ...more })
    const recorded = await warehouse.query(
      sql`select * from ${sql.table('run_sources')} where run_id = ${report.run} order by source`,
    )
    expect(recorded).toEqual(
      report.sources.map(({ read, seenBefore, ...s }) => ({
        ...{ run_id: report.run, rows_read: read, seen_before: seenBefore },
        ...s,
      })),
    )
    for (const s of report.sources) {
      expect(s.accepted + s.seenBefore + s.duplicates + s.quarantined + s.excluded + s.erased, s.source).toBe(s.read)
    }
    return report
  }

  /** A run that must fail without a trace but its own record. Returns the error. */
  async fail(): Promise<Error & { code?: string }> {
    const before = await this.tables()
    const error = await this.run().then(
      () => null,
      (thrown) => thrown as Error,
    )
    expect(error, 'the run ends with an error').toBeInstanceOf(Error)
    expect(await this.tables()).toEqual(before)
    const last = sql`(select max(run_id) from ${sql.table('runs')})`
    const [record] = await this.warehouse.query(sql`select * from ${sql.table('runs')} where run_id = ${last}`)
    expect(record).toMatchObject({ state: 'failed', error: error!.message.slice(0, 2000), published_at: null })
    expect(record!.finished_at).not.toBeNull()
    for (const table of ['run_sources', 'watermarks']) {
      const rows = await this.warehouse.query(sql`select * from ${sql.table(table)} where run_id = ${last}`)
      expect(rows, table).toEqual([])
    }
    return error!
  }

  /** Many cases at once, each a source of its own with a folder of its own: paths inside it → content; `path` says what it reads of it. */
  deliver(
    cases: readonly Readonly<Record<string, string | Uint8Array>>[],
    path: (i: number) => string = () => '',
  ): void {
    for (const [i, files] of cases.entries())
      for (const [name, content] of Object.entries(files)) this.folder.write(`${caseOf(i)}/${name}`, content)
    this.read(Object.fromEntries(cases.map((_, i) => [caseOf(i), join(caseOf(i), path(i))])))
  }

  /** A run, and what became of each case that was delivered. */
  async runCases(): Promise<CaseOutcome[]> {
    const { sources, problems } = await this.run()
    const [events, refused] = [await this.events(), await this.refused()]
    return this.options.sources.map(({ name }) => {
      const isOurs = (row: { source?: unknown }) => row.source === name
      return {
        report: sources.find(isOurs),
        problems: problems.filter((problem) => problem.startsWith(`${name}: `)),
        ids: events.filter(isOurs).map((e) => String(e.event_id)),
        refusedAt: refused.filter(isOurs).map(at),
      }
    })
  }

  refused(): Promise<Refused[]> {
    return this.warehouse.query<Refused>(
      sql`select * from ${sql.table('current_quarantine')} order by source, file, line`,
    )
  }

  /** Open rows of quarantine, short: `file:line REASON`. */
  async refusedAt(): Promise<string[]> {
    return (await this.refused()).map(at)
  }

  events(): Promise<Row[]> {
    return this.warehouse.query(sql`select * from ${sql.table('events')} order by source, event_id`)
  }

  /** What the runs say of themselves, in their order. */
  runs(): Sql {
    return sql`select * from ${sql.table('runs')} order by run_id`
  }

  async eventIds(): Promise<string[]> {
    return (await this.events()).map((e) => String(e.event_id))
  }

  private tables() {
    return currentTables(this.warehouse)
  }

  /** Quarantine says where and why; accepted and excluded rows of all runs are the events; a rebuild finds nothing to write. */
  private async expectPromises(): Promise<void> {
    const refused = await this.refused()
    for (const q of refused) {
      expect(REASONS).toContain(q.reason)
      expect(q.file).not.toBe('')
      expect(this.options.sources.map((s) => s.name)).toContain(q.source)
      expect(q.detail.length, `${q.file}:${q.line} says why`).toBeGreaterThan(5)
      if (q.line > 0 && !/UTF-8/.test(q.detail))
        expect(typeof q.text, `${q.file}:${q.line} has its text`).toBe('string')
    }
    expect(new Set(refused.map((q) => q.quarantine_id)).size, 'ids of quarantine are unique').toBe(refused.length)
    const { sources, counts } = await readStatus(this.warehouse)
    const taken = sources.reduce((sum, s) => sum + s.accepted + s.excluded, 0)
    expect(taken, 'accepted and excluded rows of all runs').toBe(counts.events)
    const before = await this.tables()
    expect((await run(this.warehouse, this.options, 'rebuild')).rowsWritten, 'rows that a rebuild writes').toBe(0)
    expect(await this.tables()).toEqual(before)
  }
}

const prepared = new WeakSet<Warehouse>()

/** Tables that are there, and empty. */
async function prepare(warehouse: Warehouse): Promise<void> {
  if (!prepared.has(warehouse)) {
    const folder = temporaryFolder()
    await run(warehouse, optionsFor(folder.path))
    folder.remove()
    prepared.add(warehouse)
  }
  await emptyTables(warehouse)
}

/** Work as a user to whom permissions matter: root reads everything, so it steps down meanwhile. */
export async function asOrdinaryUser<T>(work: () => Promise<T>): Promise<T> {
  const isRoot = process.geteuid?.() === 0
  if (isRoot) process.seteuid!(65_534)
  try {
    return await work()
  } finally {
    if (isRoot) process.seteuid!(0)
  }
}
