import { COMPANY_METRICS, type CompanyMetricRow } from '../resolvers/company-metric-rows.ts'
import { companyMetrics } from '../resolvers/company-metrics.ts'
import { asOfArgs, limitArgs, reportRangeArgs, timezoneArg } from './arguments.ts'
import { builder } from './builder.ts'
import { reads } from './columns.ts'
import { companyFilterArgs } from './company-arguments.ts'

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
      ...limitArgs,
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
}))
