import { cp, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { sqlText } from '../../src/cli/sql-text.ts'
import { checkConfig } from '../../src/config/read.ts'
import { incrementContext } from '../../src/pipeline/context.ts'
import { runPipeline } from '../../src/pipeline/run.ts'
import { type Action, publishScript, stageScript } from '../../src/pipeline/script.ts'
import type { RangedStep, StageContext } from '../../src/pipeline/stage.ts'
import { stages } from '../../src/pipeline/stages.ts'
import { stagingTable } from '../../src/pipeline/staging-tables.ts'
import { openDuckdb } from '../../src/warehouses/duckdb.ts'
import { openPrinter, type Printer } from '../../src/warehouses/printer.ts'
import { sql } from '../../src/warehouses/sql.ts'
import type { Warehouse } from '../../src/warehouses/warehouse.ts'
import { companyOptions } from '../conformance/companies-world.ts'
import { temporaryFolder } from './folder.ts'
import { otherAnswers } from './other-answers.ts'
import { type Ended, start, tributary } from './tributary.ts'

const startedAt = '2025-06-01T05:00:00.000Z'
const conversions = {
  purchase: { event: 'Order Completed', value: 'revenue', currency: 'currency', every: true, lookbackDays: 90 },
}
const { pipeline: options } = checkConfig(
  { sources: [{ kind: 'files', path: './events' }], sites: ['acme.example'], conversions },
  '/acme/tributary.config.json',
  {},
)
const contextFor = (printer: Printer, run: number, of = options): StageContext =>
  incrementContext({ d: printer.dialect, options: of, run, startedAt })
/** The same with a product database. */
const withCompanies = { ...options, companies: companyOptions('/acme/product') }

/** The SQL of every stage, for review. When it changes on purpose: `npx vitest run test/cli/sql.test.ts -u`. */
describe('golden', async () => {
  const printer = await openPrinter('duckdb', 'tributary')
  const c = contextFor(printer, 7, withCompanies)
  const scripts: [string, readonly Action[]][] = [
    ...stages.map((stage): [string, readonly Action[]] => [stage.name, stageScript(stage, c)]),
    ['publish', publishScript(c)],
  ]

  it.each(scripts)('%s', async (name, script) => {
    await expect(`${sqlText(script, printer)}\n`).toMatchFileSnapshot(`../golden/${name}.duckdb.sql`)
  })

  it('has no file of a stage that is gone', async () => {
    expect((await readdir('test/golden')).filter((name) => name.endsWith('.duckdb.sql')).sort()).toEqual(
      scripts.map(([name]) => `${name}.duckdb.sql`).sort(),
    )
  })

  it('says of every staging table what it holds', () => {
    const names = scripts.flatMap(([, script]) => script.flatMap((a) => (a.kind === 'stage' ? [a.into] : [])))
    expect(names.filter((name) => stagingTable(name) === '')).toEqual([])
  })

  it('is text that an editor keeps: no control characters but line ends', () => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: those are the ones to find
    for (const [, script] of scripts) expect(sqlText(script, printer)).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/)
  })
})

it('what is printed is what a run sends', async () => {
  const warehouse = await openDuckdb({ path: ':memory:', schema: 'tributary' })
  try {
    const sent: string[] = []
    const folder = await temporaryFolder()
    const input = {
      warehouse,
      options: { ...options, sources: [{ ...options.sources[0]!, path: folder }] },
      kind: 'increment' as const,
      configVersion: 'version',
      now: new Date(startedAt),
    }
    // The first run of all records the fingerprints of the stages as well.
    await runPipeline(input)
    await writeEventsWithAliases(folder)
    const { run } = await runPipeline({ ...input, warehouse: recording(warehouse, sent) })
    const printer = await openPrinter('duckdb', 'tributary')
    const c = contextFor(printer, run)
    const staged = stages.flatMap((stage) => stageScript(stage, c).flatMap((a) => staging(a, printer)))
    const published = publishScript(c).flatMap((a) => transactions(a, printer))
    const begin = sent.findIndex((text) => text.includes('"checked"'))
    const end = sent.findLastIndex((text) => text.includes("set state = 'published'"))
    expect(sent.filter((text) => text.includes('staging.main."alias_hooked" as')).length).toBeGreaterThan(1)
    const printed = once([...staged, ...published].map(normal))
    const also = otherAnswers(c, printer, normal)
    const ran = once(sent.slice(begin, end + 1).map((text) => also.get(normal(text)) ?? normal(text)))
    // Of the transaction a run leaves out what would write nothing.
    const least = publishScript({ ...c, hasRows: () => false }).flatMap((a) => transactions(a, printer))
    const isOptional = (text: string) => published.map(normal).includes(text) && !least.map(normal).includes(text)
    expect(ran).toEqual(printed.filter((text) => ran.includes(text) || !isOptional(text)))
  } finally {
    await warehouse.close()
  }
})

const staging = (action: Action, printer: Printer): string[] => {
  if (action.kind === 'stage') return [printer.stage(action.into, action.select)]
  return action.kind === 'drop' ? action.names.map(printer.dropStaging) : []
}

const transactions = (action: Action, printer: Printer): string[] =>
  action.kind === 'transaction' ? action.statements.map(printer.statement) : []

/** Staging tables and transactions of a run, as text; not the questions it asks nor the tables it loads. */
function recording(warehouse: Warehouse, sent: string[]): Warehouse {
  let printer: Printer
  const say = (text: string) => void sent.push(text)
  return {
    ...warehouse,
    stage: async (name, select, o) => {
      printer ??= await openPrinter('duckdb', 'tributary')
      say(printer.stage(name, select))
      return warehouse.stage(name, select, o)
    },
    dropStaging: async (names) => {
      printer ??= await openPrinter('duckdb', 'tributary')
      for (const name of names ?? []) say(printer.dropStaging(name))
      return warehouse.dropStaging(names)
    },
    transaction: async (statements, o) => {
      printer ??= await openPrinter('duckdb', 'tributary')
      for (const statement of statements) say(printer.statement(statement))
      return warehouse.transaction(statements, o)
    },
  }
}

/** A loop is printed once, however often it ran. */
const once = (texts: readonly string[]): string[] => [...new Set(texts)]

/** The lease’s owner, the number of rows and the days that are read again are known only to the run. */
const normal = (text: string): string =>
  text
    .replace(/owner = '[^']*' and token = \d+/g, 'ours')
    .replace(/rows_read = \d+/, 'rows_read = 0')
    .replace(/list_contains\(\[[^\]]*\]/g, "list_contains(['<id>']")
    .replace(/where occurred_at >= cast\('2000-01-01.*/, 'where 1 = 0')

/** A chain of aliases long enough for the loop to repeat. */
async function writeEventsWithAliases(folder: string): Promise<void> {
  await cp('examples/duckdb/events', folder, { recursive: true })
  const ids = ['d', 'b', 'f', 'a', 'e', 'c', 'h', 'g']
  const links = ids.slice(1).map((userId, i) => ({
    messageId: `alias-${i}`,
    type: 'alias',
    userId,
    previousId: ids[i],
    timestamp: `2025-03-0${i + 1}T00:00:00Z`,
  }))
  await writeFile(join(folder, 'aliases.jsonl'), links.map((link) => `${JSON.stringify(link)}\n`).join(''))
}

it('prints what a step asks first, and a placeholder for what it answers', async () => {
  const printer = await openPrinter('duckdb', 'tributary')
  const asking: RangedStep = { into: 'reread', ranges: sql`select 1 as from_at`, select: () => sql`select 2 as read` }
  const text = sqlText(
    stageScript({ ...stages[1]!, steps: () => [asking], publish: () => [] }, contextFor(printer, 1)),
    printer,
  )
  expect(text).toContain('select 1 as from_at;')
  expect(text).toContain('Here stands one day for what it answers.')
  expect(text).toContain('select 2 as read;')
})

describe('the command', () => {
  let folder: string
  const call = (...args: string[]): Promise<Ended> => tributary(args, { folder })
  beforeEach(async () => {
    folder = await temporaryFolder()
  })
  const configure = (more: object = {}) =>
    writeFile(
      join(folder, 'tributary.config.json'),
      JSON.stringify({ sources: [{ kind: 'files', path: './events' }], ...more }),
    )

  it('lists the stages', async () => {
    const { code, out, err } = await call('sql')
    expect({ code, err }).toEqual({ code: 0, err: '' })
    for (const name of [...stages.map((s) => s.name), 'publish']) expect(out).toMatch(new RegExp(`^ {2}${name} `, 'm'))
  })

  it('prints with the options of the configuration, and makes no database', async () => {
    await configure({ warehouse: { kind: 'duckdb', schema: 'acme' }, sites: ['acme.example'] })
    const { code, out, err } = await call('sql', 'ingest', '--run', '12')
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toContain('12 as run_id')
    expect(out).toContain("h.host = 'acme.example'")
    expect(out).toContain('insert into "acme"."events"')
    expect(await readdir(folder)).toEqual(['tributary.config.json'])
  })

  it('needs no configuration when the warehouse is named', async () => {
    expect(await call('sql', 'visits')).toMatchObject({ code: 2, err: expect.stringContaining('`--warehouse`') })
    const { code, out } = await call('sql', 'visits', '--warehouse', 'duckdb')
    expect(code).toBe(0)
    expect(out).toContain('-- visits_merged: Pieces and the visits they touch, merged.')
  })

  it('prints while a server has the database', async () => {
    await configure()
    await cp('examples/duckdb/events', join(folder, 'events'), { recursive: true })
    const { child, ended, says } = start(['serve', '--port', '0'], { folder })
    await says(/"url":"([^"]+)"/)
    expect(await call('sql', 'publish')).toMatchObject({ code: 0, out: expect.stringContaining('begin;') })
    child.kill('SIGTERM')
    await ended
  })

  it.each([
    [['sql', 'vists'], 'There is no stage `vists`. Did you mean `visits`?'],
    [['sql', 'a', 'b'], '`sql` takes only STAGE, but got `b` as well. See `tributary sql --help`.'],
    [['sql', 'visits', '--run', '0'], 'Expected a whole number from 1 to 9007199254740991 after `--run`, but got `0`.'],
    [
      ['sql', 'visits', '--warehouse', 'oracle'],
      'Expected a kind of warehouse after `--warehouse`: duckdb, postgres, redshift, bigquery. But got `oracle`.',
    ],
  ])('%j ends with 2', async (args, message) => {
    expect(await call(...args)).toEqual({ code: 2, signal: null, out: '', err: `${message}\n` })
  })
})
