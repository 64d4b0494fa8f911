import { defineConfig, env } from 'tributary'

/**
 * The same small company on Postgres: tables beside Segment's, in a schema of their own.
 *
 *     export WAREHOUSE_URL='postgres://tributary:…@localhost:5432/analytics'
 *     npm run -s tributary -- check --config examples/postgres/tributary.config.ts
 *     npm run -s tributary -- run --config examples/postgres/tributary.config.ts
 *
 * docs/warehouses/postgres.md has the grants, what a run costs and how to bound it.
 */
export default defineConfig({
  warehouse: {
    kind: 'postgres',
    url: env('WAREHOUSE_URL'),
    schema: 'tributary', // create schema tributary authorization tributary
    maxConnections: 10,
    statementMinutes: 120,
  },

  // Files of events. Or the tables of Segment or RudderStack in the same database:
  //   { kind: 'segment', name: 'web', schema: 'segment_prod' }
  sources: [{ kind: 'files', name: 'web', path: '../duckdb/events' }],

  sites: ['acme.example'],

  conversions: {
    signup: { events: ['Signed Up'] },
    purchase: { event: 'Order Completed', value: 'revenue', currency: 'currency', every: true, lookbackDays: 90 },
  },

  // Fewer rows per run of a first load need less room for staging tables.
  limits: { rowsPerRun: 1_000_000 },

  schedule: '0 5 * * *',
})
