import type { Node } from '../resolvers/context.ts'
import { builder } from './builder.ts'
import { column, maybe } from './columns.ts'

const TOUCHES = ['first_touch', 'last_touch', 'first_paid_touch', 'last_paid_touch'] as const

/** All columns of the type, for a selection that cannot be read. */
export const attributionColumns = [
  'signed_up_at',
  'session_count_before_signup',
  'signup_session_number',
  'blog_url',
  'first_page_ever_visited',
  ...TOUCHES.flatMap((t) => ['at', 'channel', 'source', 'medium', 'campaign', 'referrer'].map((f) => `${t}_${f}`)),
]

export const AttributionTouch = builder.objectRef<Node>('AttributionTouch').implement({
  description: 'A touch that an attribution names.',
  fields: (t) => ({
    at: t.field({ type: 'DateTime', ...column('at', 'When it happened.') }),
    channel: t.string(column('channel', 'Its channel.')),
    source: t.string(maybe('source', 'Its source.')),
    medium: t.string(maybe('medium', 'Its medium.')),
    campaign: t.string(maybe('campaign', 'Its campaign.')),
    referrer: t.string(maybe('referrer', 'Its outside referrer.')),
  }),
})

export const Attribution = builder.objectRef<Node>('Attribution')

Attribution.implement({
  description: 'Where a person came from: fixed by their signup, or so far when they have not signed up.',
  fields: (t) => {
    /** The columns of one touch as a row of its own; null when there is none. */
    const touch = (name: (typeof TOUCHES)[number], description: string) =>
      t.field({
        type: AttributionTouch,
        description,
        extensions: { prefix: `${name}_`, columns: [`${name}_at`] },
        resolve: ({ run, row }) => {
          const own = Object.entries(row).filter(([key]) => key.startsWith(`${name}_`))
          const fields = Object.fromEntries(own.map(([key, value]) => [key.slice(name.length + 1), value]))
          return fields.channel == null && fields.at == null ? null : { run, row: fields }
        },
      })
    return {
      signedUpAt: t.field({
        type: 'DateTime',
        ...maybe('signed_up_at', 'When the person signed up; null when they have not.'),
      }),
      sessionCountBeforeSignup: t.int(
        column(
          'session_count_before_signup',
          'Sessions that began before the signup session; all sessions so far without a signup.',
        ),
      ),
      signupSessionNumber: t.int(
        maybe('signup_session_number', 'Number of the signup session within the person, from 1.'),
      ),
      blogUrl: t.string(maybe('blog_url', 'First page of the blog at or before signup; null before a signup.')),
      firstPageEverVisited: t.string(
        maybe(
          'first_page_ever_visited',
          'The first page; before a signup the landing page of the first session that has one.',
        ),
      ),
      firstTouch: touch('first_touch', 'The first touch.'),
      lastTouch: touch('last_touch', 'The last touch at or before signup, or so far.'),
      firstPaidTouch: touch('first_paid_touch', 'The first paid touch; null when there is none.'),
      lastPaidTouch: touch(
        'last_paid_touch',
        'The last paid touch at or before signup, or so far; null when there is none.',
      ),
    }
  },
})
