import { loadModule, parseSync } from 'libpg-query'
import { describe, expect, it } from 'vitest'
import { sqlText } from '../../src/cli/sql-text.ts'
import { checkConfig } from '../../src/config/read.ts'
import { incrementContext } from '../../src/pipeline/context.ts'
import { type Action, publishScript, stageScript } from '../../src/pipeline/script.ts'
import { stages } from '../../src/pipeline/stages.ts'
import { openPrinter } from '../../src/warehouses/printer.ts'

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

/** The SQL of every stage in the words of Postgres, for review; its own parser takes it. */
describe('golden of postgres', async () => {
  await loadModule()
  const printer = await openPrinter('postgres', 'tributary')
  const c = incrementContext({ d: printer.dialect, options, run: 7, startedAt: '2025-06-01T05:00:00.000Z' })
  const scripts: [string, readonly Action[]][] = [
    ...stages.map((stage): [string, readonly Action[]] => [stage.name, stageScript(stage, c)]),
    ['publish', publishScript(c)],
  ]

  it.each(scripts)('%s', async (name, script) => {
    await expect(`${sqlText(script, printer)}\n`).toMatchFileSnapshot(`../golden/${name}.postgres.sql`)
  })

  it.each(scripts)('%s: Postgres can parse it, all of it', (_, script) => {
    const staged = script.filter((action) => action.kind === 'stage').length
    const { stmts = [] } = parseSync(sqlText(script, printer)) as { stmts?: readonly { stmt: object }[] }
    const created = stmts.filter(({ stmt }) => 'CreateTableAsStmt' in stmt).length
    expect(created).toBe(staged)
  })

  it.each(scripts)('%s: no name longer than Postgres keeps', (_, script) => {
    const names = [...sqlText(script, printer).matchAll(/"([a-z0-9_]+)"/g)].map(([, name]) => name!)
    expect(names.filter((name) => Buffer.byteLength(name) > 63 - 'staging_12345678_'.length)).toEqual([])
  })
})
