import { numberOfSession, sessionById, sessionRows, sessionsPage } from '../resolvers/sessions.ts'
import { touchesOfSession } from '../resolvers/touches.ts'
import { asOfArgs, limitArgs, listRangeArgs, reportRangeArgs, timezoneArg } from './arguments.ts'
import { builder } from './builder.ts'
import { column, maybe, reads } from './columns.ts'
import { Session, SessionConnection, Touch, TouchConnection, User } from './refs.ts'
import { type FlatRow, flat, maybeFlat } from './rows.ts'
import { selectedColumns } from './selection.ts'
import { touchColumns } from './touches.ts'

/** All columns of the type, for a selection that cannot be read. */
export const sessionColumns = [
  'session_id',
  'person_id',
  'started_at',
  'ended_at',
  'event_count',
  'page_count',
  'device_count',
  'touch_count',
  'landing_page',
  'referrer',
  'is_signup_session',
]

Session.implement({
  description: 'What one person did without a long silence, on all devices.',
  fields: (t) => ({
    id: t.id(
      column(
        'session_id',
        'Key of its first event. It changes when an earlier event arrives late; `session(id)` still finds it by the old one.',
      ),
    ),
    startedAt: t.field({ type: 'DateTime', ...column('started_at', 'Time of its first event.') }),
    endedAt: t.field({ type: 'DateTime', ...column('ended_at', 'Time of its last event.') }),
    number: t.int({
      description: '1 for the first session of the person, 2 for the second, and so on.',
      nullable: false,
      ...reads(['session_id', 'person_id'], 'one'),
      resolve: (session, _args, context) => numberOfSession(context, session),
    }),
    eventCount: t.int(column('event_count', 'Events in it.')),
    pageCount: t.int(column('page_count', 'Pages and screens in it.')),
    deviceCount: t.int(column('device_count', 'Devices and browsers in it.')),
    touchCount: t.int(column('touch_count', 'Touches in it.')),
    landingPage: t.string(maybe('landing_page', 'URL of its first page.')),
    referrer: t.string(maybe('referrer', 'Referrer of its first page.')),
    isSignupSession: t.boolean(column('is_signup_session', 'The person signed up in it.')),
    user: t.field({
      type: User,
      nullable: false,
      description: 'Whose session it is.',
      extensions: { columns: ['person_id'] },
      resolve: ({ run, row }) => ({ run, row: { person_id: row.person_id ?? null } }),
    }),
    touches: t.connection(
      {
        type: Touch,
        description: 'Its touches, the entry first.',
        ...reads(['session_id'], 'page'),
        resolve: (session, args, context, info) =>
          touchesOfSession(context, session, args, selectedColumns(info, touchColumns, ['edges', 'node'])),
      },
      TouchConnection,
    ),
  }),
})

const SessionRow = builder.objectRef<FlatRow>('SessionRow').implement({
  description: 'A session as a flat row, with the origin of its entry touch.',
  fields: (t) => ({
    sessionId: t.id(flat('session_id', 'Key of its first event.')),
    userId: t.id(flat('person_id', 'The person.')),
    startedAt: t.field({ type: 'DateTime', ...flat('started_at', 'Time of its first event.') }),
    endedAt: t.field({ type: 'DateTime', ...flat('ended_at', 'Time of its last event.') }),
    number: t.int(flat('session_number', '1 for the first session of the person, 2 for the second, and so on.')),
    eventCount: t.int(flat('event_count', 'Events in it.')),
    pageCount: t.int(flat('page_count', 'Pages and screens in it.')),
    deviceCount: t.int(flat('device_count', 'Devices and browsers in it.')),
    touchCount: t.int(flat('touch_count', 'Touches in it.')),
    landingPage: t.string(maybeFlat('landing_page', 'URL of its first page.')),
    referrer: t.string(maybeFlat('referrer', 'Referrer of its first page.')),
    isSignupSession: t.boolean(flat('is_signup_session', 'The person signed up in it.')),
    channel: t.string(maybeFlat('channel', 'Channel of its entry touch.')),
    source: t.string(maybeFlat('source', 'Source of its entry touch.')),
    medium: t.string(maybeFlat('medium', 'Medium of its entry touch.')),
    campaign: t.string(maybeFlat('campaign', 'Campaign of its entry touch.')),
  }),
})

builder.queryFields((t) => ({
  session: t.field({
    type: Session,
    description:
      'A session by its id. An id that has vanished, because an earlier event arrived, gives the session that now holds that event.',
    args: { id: t.arg.id({ required: true, description: 'Id of the session.' }), ...asOfArgs },
    ...reads([], 'one'),
    resolve: (_root, args, context, info) =>
      sessionById(context, { ...args, id: String(args.id) }, selectedColumns(info, sessionColumns)),
  }),
  sessions: t.connection(
    {
      type: Session,
      nullable: false,
      description: 'Sessions by when they started, the earliest first. `last` gives the newest.',
      args: { ...listRangeArgs, ...timezoneArg, ...asOfArgs },
      ...reads([], 'page'),
      resolve: (_root, args, context, info) =>
        sessionsPage(context, args, selectedColumns(info, sessionColumns, ['edges', 'node'])),
    },
    SessionConnection,
  ),
  sessionRows: t.field({
    type: [SessionRow],
    nullable: false,
    description: 'Sessions as flat rows for BI tools, ordered by start and id.',
    args: { ...reportRangeArgs, ...timezoneArg, ...limitArgs, ...asOfArgs },
    ...reads([], 'rows'),
    resolve: async (_root, args, context, info) => [
      ...(await sessionRows(
        context,
        args,
        selectedColumns(info, [...sessionColumns, 'session_number', 'channel', 'source', 'medium', 'campaign']),
      )),
    ],
  }),
}))
