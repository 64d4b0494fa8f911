import { defineConfig } from 'tributary'

/** Events of Segment in Amazon Redshift; docs/warehouses/redshift.md has the grants. */
export default defineConfig({
  warehouse: {
    kind: 'redshift',
    region: 'eu-central-1',
    // A provisioned cluster: `clusterIdentifier` instead.
    workgroupName: 'analytics',
    database: 'prod',
    schema: 'tributary',
  },
  sources: [{ kind: 'segment', schema: 'segment_prod' }],
  sites: ['acme.example'],
  conversions: {
    signup: { events: ['Signed Up'] },
    purchase: { event: 'Order Completed', value: 'revenue', currency: 'currency', every: true, lookbackDays: 90 },
  },
})
