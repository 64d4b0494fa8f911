import { userRows } from '../resolvers/users.ts'
import { asOfArgs, limitArgs, reportRangeArgs, timezoneArg } from './arguments.ts'
import { attributionColumns } from './attribution.ts'
import { builder } from './builder.ts'
import { reads } from './columns.ts'
import { type FlatRow, flat, maybeFlat } from './rows.ts'
import { selectedColumns } from './selection.ts'

const UserRow = builder.objectRef<FlatRow>('UserRow').implement({
  description: 'A person with their attribution as a flat row. What only a signup has is null before it.',
  fields: (t) => {
    const time = (name: string, description: string) => t.field({ type: 'DateTime', ...maybeFlat(name, description) })
    const text = (name: string, description: string) => t.string(maybeFlat(name, description))
    return {
      userId: t.id(flat('person_id', 'The person.')),
      firstSeenAt: t.field({ type: 'DateTime', ...flat('first_seen_at', 'Time of the first event.') }),
      lastSeenAt: t.field({ type: 'DateTime', ...flat('last_seen_at', 'Time of the last event.') }),
      signedUpAt: time('signed_up_at', 'When they signed up.'),
      sessionCountBeforeSignup: t.int(
        maybeFlat('session_count_before_signup', 'Sessions that began before the signup session.'),
      ),
      signupSessionNumber: t.int(maybeFlat('signup_session_number', 'Number of the signup session, from 1.')),
      blogUrl: text('blog_url', 'First page of the blog at or before signup.'),
      firstPageEverVisited: text('first_page_ever_visited', 'The first page.'),
      firstTouchAt: time('first_touch_at', 'Time of the first touch.'),
      firstTouchChannel: text('first_touch_channel', 'Its channel.'),
      firstTouchSource: text('first_touch_source', 'Its source.'),
      firstTouchMedium: text('first_touch_medium', 'Its medium.'),
      firstTouchCampaign: text('first_touch_campaign', 'Its campaign.'),
      firstTouchReferrer: text('first_touch_referrer', 'Its outside referrer.'),
      lastTouchAt: time('last_touch_at', 'Time of the last touch at or before signup.'),
      lastTouchChannel: text('last_touch_channel', 'Its channel.'),
      lastTouchSource: text('last_touch_source', 'Its source.'),
      lastTouchMedium: text('last_touch_medium', 'Its medium.'),
      lastTouchCampaign: text('last_touch_campaign', 'Its campaign.'),
      lastTouchReferrer: text('last_touch_referrer', 'Its outside referrer.'),
      firstPaidTouchAt: time('first_paid_touch_at', 'Time of the first paid touch.'),
      firstPaidTouchChannel: text('first_paid_touch_channel', 'Its channel.'),
      firstPaidTouchSource: text('first_paid_touch_source', 'Its source.'),
      firstPaidTouchMedium: text('first_paid_touch_medium', 'Its medium.'),
      firstPaidTouchCampaign: text('first_paid_touch_campaign', 'Its campaign.'),
      lastPaidTouchAt: time('last_paid_touch_at', 'Time of the last paid touch at or before signup.'),
      lastPaidTouchChannel: text('last_paid_touch_channel', 'Its channel.'),
      lastPaidTouchSource: text('last_paid_touch_source', 'Its source.'),
      lastPaidTouchMedium: text('last_paid_touch_medium', 'Its medium.'),
      lastPaidTouchCampaign: text('last_paid_touch_campaign', 'Its campaign.'),
    }
  },
})

builder.queryField('userRows', (t) =>
  t.field({
    type: [UserRow],
    nullable: false,
    description: 'People as flat rows for BI tools, ordered by the date chosen and id.',
    args: {
      ...reportRangeArgs,
      dateBy: t.arg.string({
        defaultValue: 'firstSeen',
        description: 'The date of a person: `firstSeen`, or `signup`, which leaves out who has not signed up.',
      }),
      ...timezoneArg,
      ...limitArgs,
      ...asOfArgs,
    },
    ...reads([], 'rows'),
    resolve: async (_root, { dateBy, ...args }, context, info) => {
      const columns = selectedColumns(info, ['first_seen_at', 'last_seen_at', ...attributionColumns])
      return [...(await userRows(context, { ...args, dateBy: dateBy ?? 'firstSeen' }, columns))]
    },
  }),
)
