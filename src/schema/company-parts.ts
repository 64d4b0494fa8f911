import type { Node } from '../resolvers/context.ts'
import { majorUnits, share } from '../resolvers/money.ts'
import { builder } from './builder.ts'
import { column, maybe } from './columns.ts'
import { type FlatRow, flat, maybeFlat } from './rows.ts'

export const CompanyDimension = builder
  .objectRef<{ name: string; value: string | null }>('CompanyDimension')
  .implement({
    description: 'A column copied from the product database.',
    fields: (t) => ({
      name: t.exposeString('name', { nullable: false, description: 'Its name in the configuration.' }),
      value: t.exposeString('value', { description: 'Its value in the latest copy that had the company.' }),
    }),
  })

export const CompanyState = builder.objectRef<Node>('CompanyState').implement({
  description: 'What a company was from one copy to another.',
  fields: (t) => ({
    name: t.string(maybe('name', 'Name then.')),
    plan: t.string(maybe('plan', 'Plan then.')),
    isPaid: t.boolean(column('is_paid', 'It was a paid plan.')),
    firstSeenAt: t.field({ type: 'DateTime', ...column('first_seen_at', 'The copy that first saw it so.') }),
    lastSeenAt: t.field({ type: 'DateTime', ...maybe('last_seen_at', 'The last copy that did; null while it does.') }),
    sinceAt: t.field({
      type: 'DateTime',
      ...maybe(
        'since_at',
        'From when it is taken to have been so; null for always. Before `firstSeenAt` that is assumed.',
      ),
    }),
    untilAt: t.field({
      type: 'DateTime',
      ...maybe('until_at', 'The first copy that saw it otherwise; null while it holds.'),
    }),
  }),
})

export const CompanyUsage = builder.objectRef<FlatRow>('CompanyUsage').implement({
  description: 'How the product was used by a company on the days of a range.',
  fields: (t) => ({
    activeDays: t.int(flat('active_days', 'Days on which anybody of it used the product.')),
    adminActiveDays: t.int(flat('admin_active_days', 'Days on which an administrator did.')),
    adminActiveWeekdays: t.int(flat('admin_active_weekdays', 'Of those, from Monday to Friday.')),
    events: t.float(flat('uses', 'Events that count as use.')),
  }),
})

export const CompanyConversion = builder.objectRef<FlatRow>('CompanyConversion').implement({
  description: 'How often a company converted, by conversion and currency.',
  fields: (t) => ({
    conversion: t.string(flat('conversion', 'Name of the conversion; `paid_plan` when its plan became a paid one.')),
    count: t.float({ nullable: false, description: 'How often.', resolve: (row) => share(row.credit) }),
    currency: t.string(maybeFlat('currency', 'ISO 4217 code of the revenue; null without a value.')),
    revenue: t.float({
      description: 'Its value, in units of the currency.',
      resolve: (row) => (row.currency === null ? null : majorUnits(row.revenue, row.currency)),
    }),
  }),
})
