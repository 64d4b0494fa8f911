import { readdirSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sqlText } from '../../src/cli/sql-text.ts'
import { checkConfig } from '../../src/config/read.ts'
import { incrementContext } from '../../src/pipeline/context.ts'
import { runPipeline } from '../../src/pipeline/run.ts'
import { type Action, publishScript, stageScript } from '../../src/pipeline/script.ts'
import { stages } from '../../src/pipeline/stages.ts'
import { openPrinter } from '../../src/warehouses/printer.ts'
import { type BigqueryEngine, standInEngine } from '../harness/bigquery-engine.ts'
import { temporaryFolder } from '../harness/pipeline.ts'
import type { Job } from '../standins/bigquery/jobs.ts'
import { otherAnswers } from './other-answers.ts'

const { pipeline: options } = checkConfig(
  {
    sources: [{ kind: 'files', path: './events' }],
    sites: ['acme.example'],
    conversions: {
      purchase: { event: 'Order Completed', value: 'revenue', currency: 'currency', every: true, lookbackDays: 90 },
    },
  },
  '/acme/tributary.config.json',
  {},
)

/** The most that BigQuery takes as the text of a query, resolved. */
const LONGEST = 1_000_000

/** A chain of aliases long enough for a loop to repeat. */
const ALIASES = ['d', 'b', 'f', 'a', 'e', 'c'].map((previousId, i, ids) =>
  JSON.stringify({
    ...{ type: 'alias', messageId: `alias-${i}`, userId: ids[i + 1] ?? 'g', previousId },
    timestamp: `2025-03-0${i + 1}T00:00:00Z`,
  }),
)

/** The SQL of every stage in the words of BigQuery, for review. */
describe('golden of bigquery', async () => {
  const printer = await openPrinter('bigquery', 'tributary')
  const c = incrementContext({ d: printer.dialect, options, run: 7, startedAt: '2025-06-01T05:00:00.000Z' })
  const scripts: [string, readonly Action[]][] = [
    ...stages.map((stage): [string, readonly Action[]] => [stage.name, stageScript(stage, c)]),
    ['publish', publishScript(c)],
  ]

  it.each(scripts)('%s', async (name, script) => {
    const text = sqlText(script, printer)
    await expect(`${text}\n`).toMatchFileSnapshot(`../golden/${name}.bigquery.sql`)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: those are the ones to find
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/)
    expect(Buffer.byteLength(text)).toBeLessThan(LONGEST)
  })
})

/** GoogleSQL's own analyser has seen every statement that a run sends: what is printed is what a run sends. */
describe('statements of a run on bigquery', () => {
  let engine: BigqueryEngine
  let sent: readonly Job[]
  const folder = temporaryFolder()
  const startedAt = '2025-06-01T05:00:00.000Z'
  const pipeline = { ...options, sources: [{ ...options.sources[0]!, path: folder.path }] }
  beforeAll(async () => {
    engine = await standInEngine()
    const warehouse = await engine.open()
    const input = { warehouse, options: pipeline, kind: 'increment' as const, configVersion: 'version' }
    await runPipeline({ ...input, now: new Date(startedAt) }) // the first of all records fingerprints as well
    const before = engine.standIn.jobs().length
    for (const name of readdirSync('examples/duckdb/events')) {
      folder.write(name, readFileSync(`examples/duckdb/events/${name}`))
    }
    folder.write('aliases.jsonl', ALIASES.join('\n'))
    await runPipeline({ ...input, now: new Date(startedAt) })
    await warehouse.close()
    sent = engine.standIn.jobs().slice(before)
  })
  afterAll(async () => {
    folder.remove()
    await engine.stop()
  })
  const textOf = ({ configuration }: Job): string => configuration.query?.query ?? ''

  it('are those that are printed', async () => {
    const printer = await openPrinter('bigquery', 'tributary')
    const c = incrementContext({ d: printer.dialect, options: pipeline, run: 2, startedAt })
    const staged = stages.flatMap((stage) => stageScript(stage, c)).flatMap((a) => (a.kind === 'stage' ? [a] : []))
    const also = otherAnswers(c, printer, normal)
    const texts = new Set(sent.map((job) => also.get(normal(textOf(job))) ?? normal(textOf(job))))
    expect(
      [...also.values()].filter((text) => sent.some((job) => normal(textOf(job)) === text)).length,
    ).toBeGreaterThan(5)
    const printed = staged.map(({ into, select }) => normal(printer.stage(into, select)))
    expect(printed.length).toBeGreaterThan(50)
    expect(printed.filter((text) => !texts.has(text))).toEqual([])
  })

  it('carry run and stage as labels', () => {
    const labels = sent.flatMap(({ configuration }) => (configuration.load ? [] : [configuration.labels]))
    expect(labels.filter((l) => l?.application !== 'tributary')).toEqual([])
    const ofRun = new Set(labels.flatMap((l) => (l.run === '2' ? [l.stage] : [])))
    expect([...ofRun]).toEqual(expect.arrayContaining(['ingest', 'visits', 'sessions', 'touches', 'publish']))
  })

  it('change nothing in a transaction but rows', () => {
    const transactions = sent.map(textOf).filter((text) => /^begin transaction/m.test(text))
    expect(transactions.length).toBeGreaterThan(0)
    for (const text of transactions) expect(text).not.toMatch(/^(create|drop|truncate|alter|merge)\b/im)
  })
})

/** Without project and process; the days that are read again are known only to the run. */
const normal = (text: string): string =>
  text
    .replace(/`tests-\d+\.([^`]*?)(__[0-9a-f]{8})?`/g, '`$1`')
    .replace(/ in \('[^)]*'\)/g, " in ('<id>')")
    .replace(/where (1 = 0|occurred_at >= timestamp\('2000-01-01.*)/g, 'where some days')
