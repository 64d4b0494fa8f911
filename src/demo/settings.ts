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

/** The product database of the demo, without the folder it is in. */
export const demoProductDatabase = {
  kind: 'files',
  companies: {
    table: 'companies.csv',
    id: 'id',
    plan: 'plan',
    createdAt: 'created_at',
    paidAt: 'paid_at',
    dimensions: ['industry', 'employees'],
  },
  members: {
    table: 'company_people.csv',
    companyId: 'company_id',
    userId: 'user_id',
    role: 'role',
    createdAt: 'joined_at',
  },
  adminRoles: ['admin'],
  paidPlans: ['starter', 'team', 'business'],
} as const
