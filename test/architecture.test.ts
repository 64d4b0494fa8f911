import { globSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '..')

/** Who may import whom under src/. A folder may always import itself and `errors.ts`. */
const allowed: Record<string, readonly string[]> = {
  warehouses: [],
  demo: [],
  pipeline: ['warehouses'],
  resolvers: ['warehouses', 'pipeline'],
  schema: ['resolvers'],
  config: ['warehouses', 'pipeline'], // the types of their options
  check: ['pipeline', 'warehouses', 'config'],
  server: ['check', 'schema', 'resolvers', 'pipeline', 'warehouses', 'config'],
  cli: ['server', 'check', 'pipeline', 'warehouses', 'config', 'demo'],
  'index.ts': ['config', 'pipeline', 'warehouses'],
  'errors.ts': [],
}

/** Packages that only one file may import. */
const drivers: Record<string, RegExp> = {
  '@duckdb/node-api': /^src\/warehouses\/duckdb[-a-z]*\.ts$/,
  pg: /^src\/warehouses\/(product-)?postgres[-a-z]*\.ts$/,
  'pg-cursor': /^src\/warehouses\/(product-)?postgres[-a-z]*\.ts$/,
  'pg-copy-streams': /^src\/warehouses\/postgres[-a-z]*\.ts$/,
  '@aws-sdk/client-redshift-data': /^src\/warehouses\/redshift[-a-z]*\.ts$/,
  '@aws-sdk/client-s3': /^src\/warehouses\/redshift[-a-z]*\.ts$/,
  '@google-cloud/bigquery': /^src\/warehouses\/bigquery[-a-z]*\.ts$/,
  'node-cron': /^src\/server\/schedule\.ts$/,
  isbot: /^src\/pipeline\/agents\.ts$/,
}

const files = globSync('src/**/*.ts', { cwd: root })
const imports = files.flatMap((file) => {
  const text = readFileSync(join(root, file), 'utf8')
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map(([, target]) => ({ file, target: target! }))
})
const folderOf = (path: string) => path.split('/')[1]!

test('imports point one way', () => {
  const wrong = imports
    .filter(({ target }) => target.startsWith('.'))
    .map(({ file, target }) => ({ file, to: relative(root, join(root, dirname(file), target)) }))
    .filter(({ file, to }) => {
      const [from, into] = [folderOf(file), folderOf(to)]
      return from !== into && to !== 'src/errors.ts' && !(allowed[from] ?? []).includes(into)
    })
  expect(wrong).toEqual([])
})

test('relative imports name a file that exists, with its ending', () => {
  const known = new Set([...files, ...globSync('src/**/*.json', { cwd: root })])
  const wrong = imports
    .filter(({ target }) => target.startsWith('.'))
    .filter(({ file, target }) => !known.has(relative(root, join(root, dirname(file), target))))
  expect(wrong).toEqual([])
})

test('each driver is imported in one place', () => {
  const wrong = imports.filter(({ file, target }) => drivers[target] && !drivers[target].test(file))
  expect(wrong).toEqual([])
})

test('only config reads the environment', () => {
  const wrong = files.filter(
    (file) => !file.startsWith('src/config/') && /process\.env\b/.test(readFileSync(join(root, file), 'utf8')),
  )
  expect(wrong).toEqual([])
})

test('only dialects write raw SQL text, and no stage names an engine', () => {
  const outside = files.filter((file) => !file.startsWith('src/warehouses/'))
  const wrong = outside.filter((file) => {
    const text = readFileSync(join(root, file), 'utf8')
    return /sql\.raw\(/.test(text) || /dialect\.name\s*===|d\.name\s*===/.test(text)
  })
  expect(wrong).toEqual([])
})

test('stage SQL keeps to the portable core', () => {
  const forbidden = [
    /::[a-z]/,
    /\bqualify\b/,
    /\bdistinct on\b/,
    /\bfilter \(where\b/,
    /\bilike\b/,
    /\busing \(/,
    /\bnatural join\b/,
    /\binterval '/,
    /\bignore nulls\b/,
    /\bgroup by all\b/,
    /\bis (not )?distinct from\b/,
    /\b(string|array)_agg\b/,
    /\bgroup by [0-9]/,
  ]
  const wrong = files
    .filter((file) => /^src\/(pipeline|resolvers)\//.test(file))
    .flatMap((file) => {
      const statements = [...readFileSync(join(root, file), 'utf8').matchAll(/sql`([^`]*)`/g)].map(([, text]) =>
        text!.toLowerCase(),
      )
      return forbidden.filter((rule) => statements.some((s) => rule.test(s))).map((rule) => `${file}: ${rule}`)
    })
  expect(wrong).toEqual([])
})
