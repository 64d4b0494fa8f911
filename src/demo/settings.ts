/** The configuration of the demo, without its sources and warehouse: those are where the caller puts them. */
export const demoSettings = {
  sites: ['acme.example'],
  sessions: { gapMinutes: 30 },
  blogPattern: '/blog/%',
  conversions: {
    signup: { events: ['Signed Up'] },
    purchase: { event: 'Order Completed', value: 'revenue', currency: 'currency', every: true, lookbackDays: 90 },
    renewal: { event: 'Subscription Renewed', value: 'revenue', currency: 'currency', every: true, lookbackDays: 365 },
  },
  exclude: { bots: true },
} as const
