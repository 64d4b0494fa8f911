import { expect, test } from 'vitest'
import { stages } from '../../src/pipeline/stages.ts'
import { tables } from '../../src/pipeline/tables/tables.ts'
import { describeTables } from '../harness/describe-tables.ts'

test('docs/tables.md is what the specifications say', async () => {
  await expect(describeTables(tables)).toMatchFileSnapshot('../../docs/tables.md')
})

test('names are plural snake_case nouns, times end in _at, flags begin with is_', () => {
  for (const table of tables) {
    expect(table.name).toMatch(/^[a-z]+(_[a-z]+)*$/)
    expect(
      table.key.every((k) => k in table.columns),
      `key of ${table.name}`,
    ).toBe(true)
    expect(
      table.key.every((k) => !table.columns[k]?.nullable || table.kind === 'output'),
      `key of ${table.name}`,
    ).toBe(true)
    for (const [name, column] of Object.entries(table.columns)) {
      expect(name).toMatch(/^[a-z]+(_[a-z]+)*$/)
      if (column.type === 'timestamp') expect(name, `${table.name}.${name}`).toMatch(/_at$|^data_through$/)
      if (column.type === 'boolean') expect(name, `${table.name}.${name}`).toMatch(/^is_/)
      expect(column.description).toMatch(/\.$/)
    }
  }
})

test('each table is written by one stage, and stages read and write tables that exist', () => {
  const names = new Set(tables.map((t) => t.name))
  const written = stages.flatMap((s) => s.writes)
  expect(written.length).toBe(new Set(written).size)
  for (const stage of stages) for (const name of [...stage.reads, ...stage.writes]) expect(names).toContain(name)
})
