import { defineConfig } from 'tributary'

/**
 * A small company on DuckDB: one file of events, a shop and a blog.
 *
 *     npm run -s tributary -- run --config examples/duckdb/tributary.config.ts
 *     npm run -s tributary -- serve --config examples/duckdb/tributary.config.ts
 *
 * docs/configuration.md lists every option with its default.
 */
export default defineConfig({
  // One file, made when it is missing. One process at a time holds it: `run` asks a running `serve`.
  warehouse: { kind: 'duckdb', path: './warehouse.duckdb' },

  // A file, a folder or a glob. The name is part of the identity of each event: keep it.
  sources: [{ kind: 'files', name: 'web', path: './events' }],

  // Or the tables of Segment or RudderStack, in a schema of the same database:
  //   { kind: 'segment', name: 'web', schema: 'segment_prod' }

  // Referrers from here and from their subdomains are inside, so they are no touches.
  sites: ['acme.example'],

  sessions: { gapMinutes: 30 },

  conversions: {
    signup: { events: ['Signed Up'] },
    purchase: { event: 'Order Completed', value: 'revenue', currency: 'currency', every: true, lookbackDays: 90 },
  },

  blogPattern: '/blog/%',

  exclude: { bots: true, hosts: ['staging.acme.example'], userIds: ['u-staff'] },

  // Tried before the built-in rules.
  channels: [{ channel: 'Partner', when: { source: ['bestlists'] } }],

  // When `serve` runs the pipeline by itself.
  schedule: '0 5 * * *',
  timezone: 'Europe/Berlin',
})
