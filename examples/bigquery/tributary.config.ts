import { defineConfig } from 'tributary'

/**
 * Events of Segment in Google BigQuery. docs/warehouses/bigquery.md has the roles, what a run costs and how to bound it.
 *
 *     gcloud auth application-default login
 *     npm run -s tributary -- check --config examples/bigquery/tributary.config.ts
 *     npm run -s tributary -- run --config examples/bigquery/tributary.config.ts
 */
export default defineConfig({
  warehouse: {
    kind: 'bigquery',
    project: 'acme-analytics',
    location: 'EU', // that of the datasets, also of those with events
    schema: 'tributary', // the dataset; staging tables are in tributary_staging
    maximumBytesBilled: 200_000_000_000, // a statement that would bill more is refused
    statementMinutes: 60,
  },
  sources: [{ kind: 'segment', schema: 'segment_prod' }],
  sites: ['acme.example'],
  conversions: {
    signup: { events: ['Signed Up'] },
    purchase: { event: 'Order Completed', value: 'revenue', currency: 'currency', every: true, lookbackDays: 90 },
  },
  // A change of settings that would read more of history asks first.
  limits: { bytesPerRun: 1_000_000_000_000 },
  schedule: '0 5 * * *',
})
