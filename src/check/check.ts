import type { OpenProduct } from '../pipeline/companies/product-source.ts'
import type { PipelineOptions } from '../pipeline/options.ts'
import type { StageContext } from '../pipeline/stage.ts'
import { differencesOf, OTHER_TABLES_ADVICE, readTableShapes } from '../pipeline/table-shapes.ts'
import { sql } from '../warehouses/sql.ts'
import type { Row, Warehouse } from '../warehouses/warehouse.ts'
import { type Events, type Evidence, readEvidence } from './evidence.ts'
import { judgeNames } from './judge-names.ts'
import { judgeRefused } from './judge-refused.ts'
import { judgeEvents, judgeSites } from './judge-sites.ts'
import { probeProduct } from './probe-product.ts'
import { type Probe, placeOfSource, probe } from './probes.ts'
import { type CheckReport, count, type Finding, type SourceCheck, verdictOf } from './report.ts'
import { openScratch, type Refused, readRefused, sampleContext, takeIn } from './sample.ts'
import { checkValues } from './values.ts'
import { whyNotWritable } from './writable.ts'

/** What is checked. */
export interface CheckInput {
  readonly options: PipelineOptions
  readonly configVersion: string
  /** Kind and place, for the report. */
  readonly kind: string
  readonly place: string
  /** Null when it is not there yet, or cannot be opened; `problem` then says why. */
  readonly warehouse: Warehouse | null
  readonly problem?: Finding
  /** Opens the product database, when that is one. */
  readonly openProduct?: OpenProduct | undefined
}

/**
 * Looks at the warehouse, the product database, at each source and a sample of its messages, and at how the configuration fits what is there:
 * the tables once a run has filled them, else the sample. Writes nothing but a table that is gone again.
 */
export async function checkInstallation(input: CheckInput): Promise<CheckReport> {
  const { options, warehouse } = input
  const scratch = await openScratch()
  try {
    const c = sampleContext(scratch, options)
    const sampled = await sampleSources(scratch, c, warehouse)
    const tables = warehouse && (await lookAtWarehouse(warehouse))
    const { openProduct } = input
    const product = options.companies && (await probeProduct(options.companies, { warehouse, scratch, openProduct }))
    const isFilled = tables !== null && tables.events > 0
    const events: Events = isFilled
      ? { warehouse: warehouse!, relation: sql.table('events') }
      : { warehouse: scratch, relation: sql.staging('incoming') }
    const evidence = await readEvidence(events, options)
    const where = isFilled ? 'the events taken in so far' : whereOfSample(evidence.count, sampled.isWhole)
    const findings: Finding[] = [
      ...(input.problem ? [input.problem] : []),
      ...(tables?.findings ?? []),
      ...sampled.findings,
      ...(product?.findings ?? []),
      ...judgeEvents(evidence, where),
      ...judgeSites(options, evidence, where),
      ...judgeNames(options, evidence, where),
      ...(await checkValues(events, scratch, c)),
    ]
    return {
      verdict: verdictOf(findings),
      configVersion: input.configVersion,
      warehouse: { kind: input.kind, place: input.place, state: stateOf(input, tables), run: tables?.run ?? null },
      sources: sampled.sources,
      product: product?.check ?? null,
      events: { of: isFilled ? 'tables' : 'sample', ...shown(evidence) },
      findings: findings.sort((a, b) => gravity[a.severity] - gravity[b.severity]),
    }
  } finally {
    await scratch.close()
  }
}

const gravity = { error: 0, warning: 1, note: 2 } as const

const whereOfSample = (events: number, isWhole: boolean) =>
  isWhole ? `the ${count(events)} usable messages of the sources` : `a sample of ${count(events)} usable messages`

const shown = ({ count: events, names, pageHosts }: Evidence) => ({
  count: events,
  names: names.slice(0, 20).map(({ name, count: n }) => ({ value: name, count: n })),
  pageHosts: pageHosts.slice(0, 20),
})

function stateOf({ problem, warehouse }: CheckInput, tables: Awaited<ReturnType<typeof lookAtWarehouse>> | null) {
  if (problem) return 'cannot be used'
  if (warehouse === null) return 'not there yet: the first run makes it'
  const { findings } = tables!
  if (findings.some(({ subject }) => subject === 'warehouse.schema'))
    return 'opened, but its tables are of another version'
  return findings.length > 0 ? 'opened, but cannot be written' : 'opened; tables can be made and written'
}

/** Every source looked at, and its sample taken into the scratch database. */
async function sampleSources(scratch: Warehouse, c: StageContext, warehouse: Warehouse | null) {
  const looked: { source: PipelineOptions['sources'][number]; probe: Probe; subject: string }[] = []
  for (const [i, source] of c.options.sources.entries()) {
    const subject = `sources[${i}]`
    looked.push({ source, subject, probe: await probe(source, subject, { warehouse, options: c.options }) })
  }
  await takeIn(
    scratch,
    c,
    looked.map(({ source, probe }) => ({ source, lines: probe.lines })),
  )
  const refused = await readRefused(scratch)
  const ofSource = (name: string) => refused.filter((r) => r.source === name)
  return {
    isWhole: looked.every(({ probe }) => probe.isWhole),
    sources: looked.map(({ source, probe }): SourceCheck => {
      const { name, kind } = source
      return {
        name,
        kind,
        place: placeOfSource(source),
        facts: probe.facts,
        read: probe.lines.length,
        refused: Object.fromEntries(ofSource(name).map((r: Refused) => [r.reason, r.count])),
      }
    }),
    findings: looked.flatMap(({ source, probe, subject }) => [
      ...probe.findings,
      ...judgeRefused(ofSource(source.name), probe.lines.length, subject),
    ]),
  }
}

/** May it be written, and what do its tables hold? */
async function lookAtWarehouse(warehouse: Warehouse) {
  const problem = await whyNotWritable(warehouse)
  const findings: Finding[] =
    problem === null
      ? []
      : [
          {
            severity: 'error',
            subject: 'warehouse',
            message: `Expected to be allowed to make, write and drop a table, but: ${problem}`,
            fix: 'Give tributary’s user these rights in the schema.',
          },
        ]
  const found = await readTableShapes(warehouse)
  const differences = differencesOf(warehouse.dialect, found)
  if (differences.length > 0) {
    const message = `Another version of tributary made these tables. ${differences.join(' ')}`
    findings.push({ severity: 'error', subject: 'warehouse.schema', message, fix: OTHER_TABLES_ADVICE })
  }
  if (differences.length > 0 || !found.runs || !found.events) return { findings, run: null, events: 0 }
  const [row] = await warehouse.query<Row & { run: number | null; events: number }>(sql`
select
    (select max(run_id) from ${sql.table('runs')} where state = 'published') as run,
    (select count(*) from ${sql.table('events')}) as events
`)
  return { findings, run: row?.run ?? null, events: row?.events ?? 0 }
}
