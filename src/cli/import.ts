import { isUtf8 } from 'node:buffer'
import { readFile } from 'node:fs/promises'
import { readConfig } from '../config/read.ts'
import { InputError } from '../errors.ts'
import type { ImportReport } from '../pipeline/spend/import-spend.ts'
import { common, defineCommand } from './command.ts'
import { exitCodes } from './exit-codes.ts'
import { plural } from './numbers.ts'
import { abortable } from './signals.ts'

/** Takes in what no source delivers. */
export const importFile = defineCommand({
  summary:
    'Take in ad spend from a CSV with day, source, medium, campaign, cost and currency, replacing the days it holds.',
  positionals: [{ value: 'spend', choices: ['spend'] }, { value: 'FILE.csv' }],
  options: {
    source: {
      type: 'string',
      value: 'NAME',
      description:
        'Name of the import, and the source of a file that has no such column. By default each source is one.',
    },
    ...common,
  },
  run: async (values, terminal, [, path = '']) => {
    const config = await readConfig(values.config)
    const text = await readText(path)
    const { reachPipeline } = await import('./pipeline.ts')
    return abortable(
      async (signal) => {
        const pipeline = await reachPipeline(config)
        try {
          const report = await pipeline.importSpend({ text, source: values.source?.trim() || null }, signal)
          if (!values.quiet) terminal.out(describeImport(report))
          for (const problem of report.problems) terminal.err(`Note: ${problem}\n`)
          return exitCodes.ok
        } finally {
          await pipeline.close()
        }
      },
      () => terminal.err('\nStopping.\n'),
    )
  },
})

async function readText(path: string): Promise<string> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    throw new InputError(
      `Expected a CSV file at ${path}, but: ${error.code === 'ENOENT' ? 'there is none' : error.message}.`,
    )
  })
  if (!isUtf8(bytes)) throw new InputError(`Expected ${path} to be UTF-8 text. Save it as "CSV UTF-8".`)
  return bytes.toString('utf8')
}

function describeImport({ run, lines, firstDay, lastDay, rowsWritten }: ImportReport): string {
  const days = firstDay === lastDay ? firstDay : `${firstDay} to ${lastDay}`
  return `Run ${run} (import) published: ${plural(lines, 'line')} of ${days}, ${plural(rowsWritten, 'row')} written.`
}
