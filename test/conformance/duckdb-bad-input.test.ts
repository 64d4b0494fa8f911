import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openDuckdb } from '../../src/warehouses/duckdb.ts'
import { temporaryFolder } from '../cli/folder.ts'
import { tributary } from '../cli/tributary.ts'
import { testBadInput } from './bad-input-suite.ts'

testBadInput(() => openDuckdb({ path: ':memory:', schema: 'tributary', threads: 1 }))

describe('a configuration', () => {
  const sources = '"sources": [{ "kind": "files", "path": "./events" }]'
  test.each([
    ['with a typo', `{ ${sources}, "sesions": {} }`, /`sesions`.*`sessions`/],
    [
      'with a typo further in',
      `{ ${sources}, "sessions": { "gapMinuts": 20 } }`,
      /`sessions`: `gapMinuts` is no option.*`gapMinutes`/,
    ],
    [
      'with a wrong type',
      `{ ${sources}, "sessions": { "gapMinutes": "20" } }`,
      /`sessions.gapMinutes`: expected a number.*"20"/,
    ],
    ['without sources', '{}', /`sources`/],
    ['that is no object', '[]', /c\.json/],
    ['that is torn', `{ ${sources}`, /c\.json has a problem:\n.*expected JSON/],
  ])('%s is refused before anything is opened', async (_, content, problem) => {
    const folder = await temporaryFolder()
    await writeFile(join(folder, 'c.json'), content)
    const { code, out, err } = await tributary(['run', '--config', 'c.json'], { folder })
    expect({ code, out }).toEqual({ code: 2, out: '' })
    expect(err).toMatch(problem)
    expect(await readdir(folder)).toEqual(['c.json'])
  })
})
