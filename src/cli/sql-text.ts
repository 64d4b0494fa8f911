import type { Action } from '../pipeline/script.ts'
import type { Printer } from '../warehouses/printer.ts'

/** What a run does as SQL to read and to run, each statement with why it is there. */
export function sqlText(actions: readonly Action[], printer: Printer): string {
  return actions.map((action) => blockOf(action, printer)).join('\n\n')
}

function blockOf(action: Action, printer: Printer): string {
  switch (action.kind) {
    case 'heading':
      return [
        comment(action.text),
        ...(printer.preamble.length === 0
          ? []
          : [`-- For a session of one’s own: where staging tables are.\n${statements(printer.preamble)}`]),
      ].join('\n\n')
    case 'note':
      return comment(action.text)
    case 'stage':
      return `${comment(`${action.into}: ${action.purpose}`.replace(/: $/, ''))}\n${statements([printer.stage(action.into, action.select)])}`
    case 'query':
      return `${comment(action.purpose)}\n${statements([printer.statement(action.query)])}`
    case 'drop':
      return `${comment(action.purpose)}\n${statements(action.names.map(printer.dropStaging))}`
    case 'part':
      return `${comment(action.purpose)}\n${statements(action.statements.map(printer.statement))}`
    case 'transaction':
      return `${comment(action.purpose)}\n${statements([printer.begin, ...action.statements.map(printer.statement), printer.commit])}`
  }
}

/** Statements of several lines stand apart. */
function statements(texts: readonly string[]): string {
  const isLong = texts.some((text) => text.trim().includes('\n'))
  return texts.map((text) => `${text.trim()};`).join(isLong ? '\n\n' : '\n')
}

/** Lines of at most 100 characters. */
function comment(text: string): string {
  const lines = ['']
  for (const word of text.split(/\s+/)) {
    const line = lines.at(-1)!
    if (line !== '' && line.length + word.length > 96) lines.push(word)
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`
  }
  return lines.map((line) => `-- ${line}`).join('\n')
}
