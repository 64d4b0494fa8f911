import { type ChannelStatsRow, channelStats } from '../resolvers/channel-stats.ts'
import { asOfArgs, limitArgs, modelArg, originArgs, reportRangeArgs, timezoneArg } from './arguments.ts'
import { builder } from './builder.ts'
import { reads } from './columns.ts'
import { selectedColumns } from './selection.ts'

const shows = <K extends keyof ChannelStatsRow>(name: K, description: string, columns: readonly string[] = []) => ({
  description,
  extensions: { columns },
  resolve: (row: ChannelStatsRow) => row[name],
})
const measure = <K extends keyof ChannelStatsRow>(
  name: K,
  description: string,
  columns: readonly string[] = [name],
) => ({
  ...shows(name, description, columns),
  nullable: false as const,
})

export const ChannelStats = builder.objectRef<ChannelStatsRow>('ChannelStats').implement({
  description:
    'What happened by channel and time. Every row sums with every other; only people and conversion rates do not.',
  fields: (t) => ({
    time: t.field({ type: 'DateTime', ...shows('time', 'When the bucket begins; null with granularity `none`.') }),
    day: t.field({ type: 'Date', ...shows('day', 'The first local day of the bucket; null with granularity `none`.') }),
    channel: t.string(
      shows(
        'channel',
        'The channel; null when `by` does not name it. `Unattributed` has the conversions without a touch.',
      ),
    ),
    source: t.string(shows('source', 'The source; null when there is none or `by` does not name it.')),
    medium: t.string(shows('medium', 'The medium; likewise.')),
    campaign: t.string(shows('campaign', 'The campaign; likewise.')),
    touches: t.float(measure('touches', 'Touches, on their own day.')),
    sessions: t.float(measure('sessions', 'Sessions by their entry touch, on their own day.')),
    people: t.float(
      measure('people', 'Distinct people with a touch, on their own day; companies with those as the `unit`.'),
    ),
    signups: t.float(measure('signups', 'Signups, as the model credits them.')),
    conversions: t.float(
      measure(
        'conversions',
        'Conversions named by `conversion`, as the model credits them. Over all rows they add up to their number.',
      ),
    ),
    credit: t.float(measure('conversions', 'The same as `conversions`, for reports that speak of credit.')),
    revenue: t.float(measure('revenue', 'Their value, as the model credits it, in units of `currency`.')),
    currency: t.string(shows('currency', 'ISO 4217 code of the revenue; null without any.', ['revenue'])),
    conversionRate: t.float(
      measure('conversionRate', 'Conversions per session; 0 without sessions.', ['conversions', 'sessions']),
    ),
  }),
})

builder.queryField('channelStats', (t) =>
  t.field({
    type: [ChannelStats],
    nullable: false,
    description:
      'The report for charts and BI tools: flat rows, every argument optional. Ordered by time, then by `orderBy` when given (largest first), then by the columns of `by` with nulls last.',
    args: {
      ...reportRangeArgs,
      by: t.arg.string({
        defaultValue: 'channel',
        description:
          'What to tell apart, with commas between: channel, source, medium, campaign, currency. Empty text for totals.',
      }),
      granularity: t.arg.string({
        defaultValue: 'none',
        description: 'Length of a bucket: hour, day, week (from Monday), month or none.',
      }),
      ...modelArg,
      conversion: t.arg.string({
        defaultValue: 'signup',
        description: 'Which conversion to credit, by its name in the configuration.',
      }),
      dateBy: t.arg.string({
        defaultValue: 'conversion',
        description: 'The day of credit and revenue: that of the `conversion`, or of the credited `touch`.',
      }),
      ...timezoneArg,
      ...originArgs,
      unit: t.arg.string({
        defaultValue: 'person',
        description:
          'Whose conversions are credited: `person`, or `company`. Of companies the touches of all their people compete; somebody in two companies counts in both; `paid_plan` is a conversion too: the plan became a paid one.',
      }),
      currency: t.arg.string({
        description: 'Revenue of this currency (ISO 4217). Needed when there are several: they are never added.',
      }),
      orderBy: t.arg.string({
        description: 'Largest first by touches, sessions, people, signups, conversions, credit or revenue.',
      }),
      ...limitArgs,
      ...asOfArgs,
    },
    ...reads([], 'rows', 2),
    resolve: async (_root, args, context, info) => {
      const { by, granularity, model, conversion, dateBy, ...rest } = args
      const chosen = {
        by: by ?? 'channel',
        granularity: granularity ?? 'none',
        model: model ?? 'LINEAR',
        conversion: conversion ?? 'signup',
        dateBy: dateBy ?? 'conversion',
      }
      return [...(await channelStats(context, { ...rest, ...chosen }, selectedColumns(info, ['people', 'revenue'])))]
    },
  }),
)
