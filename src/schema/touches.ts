import { sessionOf } from '../resolvers/sessions.ts'
import { touchesPage, touchRows } from '../resolvers/touches.ts'
import { asOfArgs, limitArgs, listRangeArgs, originArgs, reportRangeArgs, timezoneArg } from './arguments.ts'
import { builder } from './builder.ts'
import { column, maybe, reads } from './columns.ts'
import { Session, Touch, TouchConnection, User } from './refs.ts'
import { type FlatRow, flat, maybeFlat } from './rows.ts'
import { selectedColumns } from './selection.ts'
import { sessionColumns } from './sessions.ts'

/** All columns of the type, for a selection that cannot be read. */
export const touchColumns = [
  'touch_id',
  'session_id',
  'person_id',
  'touched_at',
  'is_entry',
  'channel',
  'source',
  'medium',
  'campaign',
  'content',
  'term',
  'click_id',
  'referrer',
  'page_url',
  'rule_id',
  'evidence',
  'is_paid',
  'is_direct',
]

Touch.implement({
  description:
    'A moment that a channel can be credited for: the entry of a session, or a later page with a new origin.',
  fields: (t) => ({
    id: t.id(column('touch_id', 'Key of the event it was.')),
    at: t.field({ type: 'DateTime', ...column('touched_at', 'When it happened.') }),
    channel: t.string(column('channel', 'The channel its rule says.')),
    source: t.string(maybe('source', 'Where from: `google`, `newsletter`.')),
    medium: t.string(maybe('medium', 'By what means: `cpc`, `email`.')),
    campaign: t.string(maybe('campaign', 'The campaign, as tagged.')),
    content: t.string(maybe('content', 'The advertisement or link, as tagged (`utm_content`).')),
    term: t.string(maybe('term', 'The keyword, as tagged (`utm_term`).')),
    clickId: t.string(maybe('click_id', 'Name of the click id parameter in the URL: `gclid`. Its value is not kept.')),
    referrer: t.string(maybe('referrer', 'The outside page that led here.')),
    pageUrl: t.string(maybe('page_url', 'The page.')),
    isPaid: t.boolean(column('is_paid', 'Its rule says that money was spent.')),
    isDirect: t.boolean(column('is_direct', 'Its rule says that nothing is known about where it came from.')),
    isEntry: t.boolean(column('is_entry', 'It opens its session.')),
    ruleId: t.string(column('rule_id', 'The channel rule that fired.')),
    evidence: t.string(column('evidence', 'What the rule fired on.')),
    session: t.field({
      type: Session,
      description: 'The session it happened in.',
      ...reads(['session_id', 'person_id'], 'one'),
      resolve: (touch, _args, context, info) => sessionOf(context, touch, selectedColumns(info, sessionColumns)),
    }),
    user: t.field({
      type: User,
      nullable: false,
      description: 'Whose touch it is.',
      extensions: { columns: ['person_id'] },
      resolve: ({ run, row }) => ({ run, row: { person_id: row.person_id ?? null } }),
    }),
  }),
})

const TouchRow = builder.objectRef<FlatRow>('TouchRow').implement({
  description: 'A touch as a flat row.',
  fields: (t) => ({
    touchId: t.id(flat('touch_id', 'Key of the event it was.')),
    sessionId: t.id(flat('session_id', 'Its session.')),
    userId: t.id(flat('person_id', 'The person.')),
    at: t.field({ type: 'DateTime', ...flat('touched_at', 'When it happened.') }),
    channel: t.string(flat('channel', 'The channel its rule says.')),
    source: t.string(maybeFlat('source', 'Where from.')),
    medium: t.string(maybeFlat('medium', 'By what means.')),
    campaign: t.string(maybeFlat('campaign', 'The campaign, as tagged.')),
    content: t.string(maybeFlat('content', 'The advertisement or link, as tagged.')),
    term: t.string(maybeFlat('term', 'The keyword, as tagged.')),
    clickId: t.string(maybeFlat('click_id', 'Name of the click id parameter.')),
    referrer: t.string(maybeFlat('referrer', 'The outside page that led here.')),
    pageUrl: t.string(maybeFlat('page_url', 'The page.')),
    isPaid: t.boolean(flat('is_paid', 'Its rule says that money was spent.')),
    isDirect: t.boolean(flat('is_direct', 'Its rule says that nothing is known about where it came from.')),
    isEntry: t.boolean(flat('is_entry', 'It opens its session.')),
    ruleId: t.string(flat('rule_id', 'The channel rule that fired.')),
    evidence: t.string(flat('evidence', 'What the rule fired on.')),
  }),
})

builder.queryFields((t) => ({
  touches: t.connection(
    {
      type: Touch,
      nullable: false,
      description: 'Touches by time, the earliest first. `last` gives the newest.',
      args: { ...listRangeArgs, ...timezoneArg, ...originArgs, ...asOfArgs },
      ...reads([], 'page'),
      resolve: (_root, args, context, info) =>
        touchesPage(context, args, selectedColumns(info, touchColumns, ['edges', 'node'])),
    },
    TouchConnection,
  ),
  touchRows: t.field({
    type: [TouchRow],
    nullable: false,
    description: 'Touches as flat rows for BI tools, ordered by time and id.',
    args: { ...reportRangeArgs, ...timezoneArg, ...originArgs, ...limitArgs, ...asOfArgs },
    ...reads([], 'rows'),
    resolve: async (_root, args, context, info) => [
      ...(await touchRows(context, args, selectedColumns(info, touchColumns))),
    ],
  }),
}))
