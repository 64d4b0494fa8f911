import { COMPANY_METRICS, type CompanyMetricRow } from '../resolvers/company-metric-rows.ts'
import { companyMetrics } from '../resolvers/company-metrics.ts'
import { companyRows } from '../resolvers/company-rows.ts'
import { asOfArgs, limitArgs, reportRangeArgs, timezoneArg } from './arguments.ts'
import { builder } from './builder.ts'
import { reads } from './columns.ts'
import { companyColumns } from './companies.ts'
import { type FlatRow, flat, maybeFlat } from './rows.ts'
import { selectedColumns } from './selection.ts'

const listText = { maxLength: 8192 }

const companyFilterArgs = builder.args((t) => ({
  company: t.string({ extensions: listText, description: 'Only these companies, by id: `c14,c15`.' }),
  plan: t.string({
    extensions: listText,
    description: 'Only these plans: `pro,team`; `(none)` for companies without one.',
  }),
  channel: t.string({
    extensions: listText,
    description: 'Only companies whose first touch has these channels; `(none)` for those without a touch.',
  }),
  event: t.string({
    description:
      'Only events of this name count as use: `pressed_big_button`. Without it every event of a session does.',
  }),
}))

const shows = <K extends keyof CompanyMetricRow>(name: K, description: string) => ({
  description,
  resolve: (row: CompanyMetricRow) => row[name],
})
const is = <K extends keyof CompanyMetricRow>(name: K, description: string) => ({
  ...shows(name, description),
  nullable: false as const,
})

const CompanyMetric = builder.objectRef<CompanyMetricRow>('CompanyMetric').implement({
  description: 'How many companies of how many.',
  fields: (t) => ({
    metric: t.string(is('metric', 'Which number it is.')),
    time: t.field({ type: 'DateTime', ...is('time', 'When the bucket begins.') }),
    day: t.field({ type: 'Date', ...is('day', 'Its first local day.') }),
    numerator: t.float(is('numerator', 'Companies that the metric counts.')),
    denominator: t.float(is('denominator', 'Companies that exist at the end of the bucket.')),
    ratio: t.float(shows('ratio', 'The one by the other; null when there are no companies.')),
    events: t.float(
      is('events', 'Events with which the counted companies used the product; 0 for metrics that do not look at use.'),
    ),
    isAssumed: t.boolean(
      is(
        'isAssumed',
        'It rests on states before the first copy, which are taken to have been as they were first seen.',
      ),
    ),
    companyId: t.id(shows('companyId', 'The company; null when `by` does not name it.')),
    channel: t.string(
      shows('channel', 'Channel of the company’s first touch; null without a touch, or when `by` does not name it.'),
    ),
    source: t.string(shows('source', 'Source of that touch; likewise.')),
    campaign: t.string(shows('campaign', 'Its campaign; likewise.')),
    plan: t.string(shows('plan', 'Plan at the end of the bucket; likewise.')),
    dimension: t.string(shows('dimension', 'Value of the copied column that `by` or `dimension` names; likewise.')),
  }),
})

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
      activeDays: t.int(flat('active_days', 'Days of the range on which anybody of it used the product.')),
      adminActiveDays: t.int(flat('admin_active_days', 'Days on which an administrator did.')),
      adminActiveWeekdays: t.int(flat('admin_active_weekdays', 'Of those, from Monday to Friday.')),
      events: t.float(flat('uses', 'Events that count as use.')),
    }
  },
})

builder.queryFields((t) => ({
  companyMetrics: t.field({
    type: [CompanyMetric],
    nullable: false,
    description:
      'Numbers about companies over time, as flat rows: numerator, denominator and their ratio. By whole local days; a bucket shows companies as they are at its end, and an administrator of a day is who is one at its end.',
    args: {
      ...reportRangeArgs,
      metric: t.arg.string({
        defaultValue: 'companies,paid,active,adminActive',
        description: `What to count, with commas between: ${COMPANY_METRICS.join(', ')}. active: somebody used the product; adminActive: an administrator did; adminEveryDay: administrators did on each day of the bucket.`,
      }),
      by: t.arg.string({
        defaultValue: '',
        description:
          'What to tell apart, with commas between: company, channel, source, campaign (of the company’s first touch), plan, and one copied column by its name.',
      }),
      dimension: t.arg.string({
        description: 'The copied column by itself, for one that is called like what `by` names already: `source`.',
      }),
      granularity: t.arg.string({
        defaultValue: 'day',
        description: 'Length of a bucket: day, week (from Monday), month, or none for the whole range.',
      }),
      days: t.arg.string({
        defaultValue: 'all',
        description: 'Which days adminEveryDay asks for: all, or weekdays (Monday to Friday).',
      }),
      ...timezoneArg,
      ...companyFilterArgs,
      limit: t.arg.int({ defaultValue: 10_000, description: 'How many rows at most: 1 to 50000.' }),
      offset: t.arg.int({ defaultValue: 0, description: 'How many rows to leave out before.' }),
      ...asOfArgs,
    },
    ...reads([], 'rows', 2),
    resolve: async (_root, { metric, by, granularity, days, ...args }, context) => [
      ...(await companyMetrics(context, {
        ...args,
        metric: metric ?? 'companies,paid,active,adminActive',
        by: by ?? '',
        granularity: granularity ?? 'day',
        days: days ?? 'all',
      })),
    ],
  }),
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
      includeGone: t.arg.boolean({
        defaultValue: false,
        description: 'Also companies that the latest copy has no more.',
      }),
      ...limitArgs,
      ...asOfArgs,
    },
    ...reads([], 'rows'),
    resolve: async (_root, args, context, info) => [
      ...(await companyRows(
        context,
        args,
        selectedColumns(info, [...companyColumns, 'active_days', 'admin_active_days', 'admin_active_weekdays', 'uses']),
      )),
    ],
  }),
}))
