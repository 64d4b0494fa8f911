import { describe, expect, it } from 'vitest'
import { sqlText } from '../../src/cli/sql-text.ts'
import { checkConfig } from '../../src/config/read.ts'
import { incrementContext } from '../../src/pipeline/context.ts'
import { type Action, publishScript, stageScript } from '../../src/pipeline/script.ts'
import { stages } from '../../src/pipeline/stages.ts'
import { openPrinter } from '../../src/warehouses/printer.ts'
import { refusalsOf } from '../standins/redshift/guard.ts'

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

/** The SQL of every stage in the words of Redshift, for review; the parser and the guard of the stand-in take it. */
describe('golden of redshift', async () => {
  const printer = await openPrinter('redshift', 'tributary')
  const c = incrementContext({ d: printer.dialect, options, run: 7, startedAt: '2025-06-01T05:00:00.000Z' })
  const scripts: [string, readonly Action[]][] = [
    ...stages.map((stage): [string, readonly Action[]] => [stage.name, stageScript(stage, c)]),
    ['publish', publishScript(c)],
  ]
  const statementsOf = (action: Action): readonly string[] => {
    if (action.kind === 'stage') return printer.stage(action.into, action.select).split(';\n\n')
    if (action.kind === 'query') return [printer.statement(action.query)]
    if (action.kind === 'part' || action.kind === 'transaction') return action.statements.map(printer.statement)
    return []
  }

  it.each(scripts)('%s', async (name, script) => {
    await expect(`${sqlText(script, printer)}\n`).toMatchFileSnapshot(`../golden/${name}.redshift.sql`)
  })

  it.each(scripts)('%s: no statement that Redshift refuses, none longer than it takes', (_, script) => {
    const statements = script.flatMap(statementsOf)
    expect(statements.filter((text) => refusalsOf(text).length > 0).map(refusalsOf)).toEqual([])
    expect(statements.filter((text) => Buffer.byteLength(text) > 90_000)).toEqual([])
  })

  // A batch takes 40; the adapter may need one of them for the session.
  it.each(scripts)('%s: no transaction of more statements than a batch takes', (_, script) => {
    const counts = script.flatMap((a) => (a.kind === 'transaction' ? [a.statements.length] : []))
    expect(counts.filter((n) => n > 39)).toEqual([])
  })

  it('is text that an editor keeps: no control characters but line ends', () => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: those are the ones to find
    for (const [, script] of scripts) expect(sqlText(script, printer)).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/)
  })
})
