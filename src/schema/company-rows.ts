import { companyRows } from '../resolvers/company-rows.ts'
import { majorUnits, share } from '../resolvers/money.ts'
import { asOfArgs, limitArgs, reportRangeArgs, timezoneArg } from './arguments.ts'
import { builder } from './builder.ts'
import { reads } from './columns.ts'
import { companyColumns } from './companies.ts'
import { companyFilterArgs } from './company-arguments.ts'
import { type FlatRow, flat, maybeFlat } from './rows.ts'
import { selectedColumns } from './selection.ts'

const CompanyRow = builder.objectRef<FlatRow>('CompanyRow').implement({
  description: 'A company as a flat row, with how it used the product on the days of the range.',
  fields: (t) => {
    const time = (name: string, description: string) => t.field({ type: 'DateTime', ...maybeFlat(name, description) })
    const text = (name: string, description: string) => t.string(maybeFlat(name, description))
    return {
      companyId: t.id(flat('company_id', 'The company.')),
      name: text('name', 'Its name, when that is copied.'),
      plan: text('plan', 'Its plan.'),
      isPaid: t.boolean(
        flat('is_paid', 'The plan is one of `paidPlans`; without those, it is known since when it pays.'),
      ),
      dimension: text('dimension', 'Value of the copied column that the argument `dimension` names.'),
      createdAt: time('created_at', 'When the product database says it was created.'),
      goneAt: time('until_at', 'The copy that had it no more.'),
      memberCount: t.int(flat('member_count', 'Members in the latest copy.')),
      adminCount: t.int(flat('admin_count', 'Administrators among them.')),
      firstSeenAt: time('first_seen_active_at', 'When any of its people was first seen.'),
      lastSeenAt: time('last_seen_active_at', 'When any of them was last seen.'),
      sessionCount: t.int(flat('session_count', 'Sessions of its people.')),
      touchCount: t.int(flat('touch_count', 'Touches of its people.')),
      signedUpAt: time('signed_up_at', 'The first signup of any of them.'),
      paidAt: time('paid_at', 'When its plan became a paid one.'),
      firstTouchAt: time('first_touch_at', 'Time of the first touch.'),
      firstTouchChannel: text('first_touch_channel', 'Its channel.'),
      firstTouchSource: text('first_touch_source', 'Its source.'),
      firstTouchMedium: text('first_touch_medium', 'Its medium.'),
      firstTouchCampaign: text('first_touch_campaign', 'Its campaign.'),
      lastTouchAt: time('last_touch_at', 'Time of the last touch at or before the first signup.'),
      lastTouchChannel: text('last_touch_channel', 'Its channel.'),
      lastTouchSource: text('last_touch_source', 'Its source.'),
      lastTouchMedium: text('last_touch_medium', 'Its medium.'),
      lastTouchCampaign: text('last_touch_campaign', 'Its campaign.'),
      paidTouchAt: time('paid_touch_at', 'Time of the last touch at or before the plan became a paid one.'),
      paidTouchChannel: text('paid_touch_channel', 'Its channel.'),
      paidTouchSource: text('paid_touch_source', 'Its source.'),
      paidTouchMedium: text('paid_touch_medium', 'Its medium.'),
      paidTouchCampaign: text('paid_touch_campaign', 'Its campaign.'),
      conversions: t.float({
        nullable: false,
        description: 'How often it converted within the range, as the argument `conversion` says.',
        extensions: { columns: ['conversions'] },
        resolve: (row) => share(row.conversions),
      }),
      revenue: t.float({
        nullable: false,
        description: 'What these conversions were worth, in units of `currency`.',
        extensions: { columns: ['revenue', 'currency'] },
        resolve: (row) => majorUnits(row.revenue ?? 0, row.currency) ?? 0,
      }),
      currency: t.string(
        maybeFlat('currency', 'ISO 4217 code of the revenue: the one asked for, or the only one there is.'),
      ),
      activeDays: t.int(flat('active_days', 'Days of the range on which anybody of it used the product.')),
      adminActiveDays: t.int(flat('admin_active_days', 'Days on which an administrator did.')),
      adminActiveWeekdays: t.int(flat('admin_active_weekdays', 'Of those, from Monday to Friday.')),
      events: t.float(flat('uses', 'Events that count as use.')),
    }
  },
})

/** Columns of rows that companies have not. */
const rowColumns = [
  ...['active_days', 'admin_active_days', 'admin_active_weekdays', 'uses'],
  ...['conversions', 'revenue', 'currency'],
]

builder.queryFields((t) => ({
  companyRows: t.field({
    type: [CompanyRow],
    nullable: false,
    description: 'Companies as flat rows for BI tools, ordered by id. The range is that of the use they show.',
    args: {
      ...reportRangeArgs,
      ...timezoneArg,
      ...companyFilterArgs,
      adminEveryDay: t.arg.string({
        description:
          'Only companies in which an administrator used the product on each day of the range: all days, or weekdays.',
      }),
      dimension: t.arg.string({ description: 'Name of a copied column to show as `dimension`.' }),
      conversion: t.arg.string({
        defaultValue: 'signup',
        description: 'Which conversion to count; `paid_plan`: its plan became a paid one.',
      }),
      currency: t.arg.string({
        description:
          'Only conversions with a value in this currency (ISO 4217); needed for revenue when there are several.',
      }),
      includeGone: t.arg.boolean({
        defaultValue: false,
        description: 'Also companies that the latest copy has no more.',
      }),
      ...limitArgs,
      ...asOfArgs,
    },
    ...reads([], 'rows'),
    resolve: async (_root, args, context, info) => [
      ...(await companyRows(context, args, selectedColumns(info, [...companyColumns, ...rowColumns]))),
    ],
  }),
}))
