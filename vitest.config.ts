import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

/** Tests of the API that are run on every engine by `npm test`; `npm run conformance` runs them all. */
const apiEverywhere = ['as-of', 'channel-stats', 'end-to-end', 'flat-rows', 'paging', 'user']

const engines = ['postgres', 'redshift', 'bigquery']

/**
 * Suites that only `npm run conformance` runs, which names the engine: `npm test` has what is different there (dialect,
 * adapter, service), the worked examples, some random streams and changed settings.
 */
const byConformance = {
  postgres: ['bad-input', 'companies', 'faults', 'from-sources', 'product-postgres', 'prune', 'settings', 'sources'],
  redshift: [
    'bad-input',
    'faults',
    'from-sources',
    'product-postgres',
    'prune',
    'retries',
    'sources',
    'spend',
    'versions',
    'weblog',
  ],
  bigquery: [
    'bad-input',
    'faults',
    'from-sources',
    'product-postgres',
    'prune',
    'retries',
    'settings',
    'sources',
    'spend',
    'weblog',
  ],
}
const long = Object.entries(byConformance).flatMap(([engine, suites]) =>
  suites.map((suite) => `test/conformance/${engine}-${suite}.test.ts`),
)
const isConformance = process.env.TRIBUTARY_TEST_WAREHOUSE !== undefined

export default defineConfig({
  resolve: {
    // One copy of graphql: Vite would take its ES module where yoga and Pothos load the CommonJS one.
    alias: [
      { find: /^graphql$/, replacement: fileURLToPath(new URL('node_modules/graphql/index.js', import.meta.url)) },
    ],
  },
  test: {
    // Each test file has engines and servers of its own; two at a time suit two cores.
    maxWorkers: 2,
    projects: [
      project('main', ['test/**/*.test.ts'], isConformance ? [] : long),
      ...engines.map((name) =>
        project(
          name,
          apiEverywhere.map((file) => `test/api/${file}.test.ts`),
        ),
      ),
    ],
  },
})

/** The tests whose engine is not fixed run on this one. */
function project(name: string, include: string[], exclude: string[] = []) {
  return {
    extends: true as const,
    test: {
      name,
      include,
      exclude: ['**/node_modules/**', ...exclude],
      pool: 'forks' as const,
      testTimeout: 60_000,
      hookTimeout: 60_000,
      env: {
        UV_THREADPOOL_SIZE: '16',
        TRIBUTARY_TEST_WAREHOUSE: name === 'main' ? (process.env.TRIBUTARY_TEST_WAREHOUSE ?? 'duckdb') : name,
      },
    },
  }
}
