import type { TableSpec } from '../../src/warehouses/warehouse.ts'

const KINDS = {
  output: 'Outputs: the stable contract',
  state: 'State: the pipeline’s memory, subject to change',
  record: 'Records: what the pipeline writes about itself',
  reference: 'Reference data that comes with tributary',
} as const

/** docs/tables.md, printed from the specifications. */
export function describeTables(tables: readonly TableSpec[]): string {
  const sections = Object.entries(KINDS).map(([kind, title]) =>
    [`## ${title}`, ...tables.filter((t) => t.kind === kind).map(describe)].join('\n\n'),
  )
  return `# Tables

Printed from src/pipeline/tables by \`npx vitest run test/unit/tables.test.ts -u\`; do not edit.

Everything is in one schema (\`tributary\` by default). Times are UTC with microseconds. A *versioned* row is visible in the
runs \`from_run <= run < to_run\`; its view \`current_<table>\` shows the last published run without those two columns and is
what to query. \`useful_sessions\` has the first and the signup session of each person who signed up. Money is in minor
units (cents), credit in billionths.

${sections.join('\n\n')}
`
}

function describe(t: TableSpec): string {
  const columns = Object.entries(t.columns).map(
    ([name, c]) => `| \`${name}\` | ${c.type}${c.nullable ? ', may be null' : ''} | ${c.description} |`,
  )
  return [
    `### ${t.name}`,
    `One row per ${t.row}${t.versioned ? '; versioned' : ''}. ${t.description}`,
    `Key: ${t.key.map((k) => `\`${k}\``).join(', ')}.${t.partitionBy ? ` Partitioned by month of \`${t.partitionBy}\` where the engine can.` : ''}`,
    ['| Column | Type | Meaning |', '|---|---|---|', ...columns].join('\n'),
  ].join('\n\n')
}
