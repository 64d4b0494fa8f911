import { events } from '../../src/pipeline/tables/events.ts'
import {
  aliases,
  attribution,
  channelStats,
  conversions,
  credits,
  sessions,
  touches,
} from '../../src/pipeline/tables/people.ts'
import { runSources, runStages, runs } from '../../src/pipeline/tables/records.ts'
import type { Row, TableSpec } from '../../src/warehouses/warehouse.ts'
import { at, creditsFor, entryOf, rowOf, statsOf } from './rows.ts'

/**
 * A small world, worked out by hand.
 *
 * - `ann` (devices a1, a2): Paid Search on 1 January, Direct on the 2nd, Email on the 3rd, where she signs up; a purchase of
 *   19.99 EUR on 1 March. In run 1 her sessions are known, in run 2 also the signup and the purchase.
 * - `bob` (device b1): one Organic session and signup on 1 February at 23:30, known since run 1.
 * - `c1`, a device without a user: two Social sessions.
 * - `dan`: signed up on a server, without a touch.
 * - `t1` to `t5`: five devices whose sessions begin at the same moment.
 */
const session = (session_id: string, person_id: string, started: string, more: Row = {}) =>
  rowOf(sessions, {
    session_id,
    person_id,
    started_at: at(started),
    ended_at: at(started.replace(':00', ':10')),
    event_count: 3,
    page_count: 2,
    device_count: 1,
    landing_page: `https://acme.com/${session_id}`,
    touch_count: 1,
    ...more,
  })

const sessionRows: Row[] = [
  session('s1', 'ann', '2025-01-01T10:00'),
  session('s2', 'ann', '2025-01-02T10:00'),
  session('s3', 'ann', '2025-01-03T10:00', { to_run: 2 }),
  session('s3', 'ann', '2025-01-03T10:00', { from_run: 2, is_signup_session: true }),
  session('s4', 'bob', '2025-02-01T23:00', { is_signup_session: true }),
  session('s5', 'c1', '2025-02-10T10:00', { landing_page: null }),
  session('s6', 'c1', '2025-02-11T10:00'),
  ...[1, 2, 3, 4, 5].map((i) => session(`t-s${i}`, `t${i}`, '2025-02-20T10:00')),
]

const PAID = { channel: 'Paid Search', source: 'google', medium: 'cpc', campaign: 'brand', is_paid: true }
const EMAIL = { channel: 'Email', source: 'newsletter', medium: 'email', campaign: 'june, july' }
const ORGANIC = { channel: 'Organic Search', source: 'google', medium: 'organic' }
const SOCIAL = { channel: 'Organic Social', source: 'facebook', medium: 'social' }
const DIRECT = { channel: 'Direct', is_direct: true }

const of = (id: string) => sessionRows.findLast((s) => s.session_id === id)!
const touchRows: Row[] = [
  entryOf(of('s1'), PAID),
  entryOf(of('s2'), DIRECT),
  entryOf({ ...of('s3'), from_run: 1 }, EMAIL),
  entryOf(of('s4'), ORGANIC),
  entryOf(of('s5'), SOCIAL),
  entryOf(of('s6'), SOCIAL),
  ...[1, 2, 3, 4, 5].map((i) => entryOf(of(`t-s${i}`), DIRECT)),
]
const touch = (id: string) => touchRows.find((t) => t.touch_id === id)!

const conversion = (conversion_id: string, name: string, person_id: string, time: string, more: Row = {}) =>
  rowOf(conversions, {
    conversion_id,
    conversion: name,
    person_id,
    converted_at: at(time),
    event_key: `e-${conversion_id}`,
    ...more,
  })
const signupOfAnn = conversion('c-ann', 'signup', 'ann', '2025-01-03T10:05', { session_id: 's3', from_run: 2 })
const purchase = conversion('c-buy', 'purchase', 'ann', '2025-03-01T12:00', {
  value: 1999,
  currency: 'EUR',
  from_run: 2,
})
const signupOfBob = conversion('c-bob', 'signup', 'bob', '2025-02-01T23:30', { session_id: 's4' })
const signupOfDan = conversion('c-dan', 'signup', 'dan', '2025-02-05T12:00')
const conversionRows = [signupOfAnn, purchase, signupOfBob, signupOfDan]
const annsTouches = ['s1', 's2', 's3'].map(touch)
const creditRows: Row[] = [
  ...creditsFor(signupOfAnn, annsTouches),
  ...creditsFor(purchase, annsTouches),
  ...creditsFor(signupOfBob, [touch('s4')]),
  ...creditsFor(signupOfDan, []),
]

const alias = (id: string, person_id: string, first: string, more: Row = {}) =>
  rowOf(aliases, {
    id,
    person_id,
    first_seen_at: at(first),
    last_seen_at: at(first.replace(':00', ':10')),
    is_latest: true,
    is_anonymous_id: id !== person_id,
    is_user_id: id === person_id,
    ...more,
  })
const aliasRows: Row[] = [
  alias('ann', 'ann', '2025-01-03T10:00', { last_seen_at: '2025-03-01T12:00:00.000123Z' }),
  alias('a1', 'ann', '2025-01-01T10:00'),
  alias('a2', 'ann', '2025-01-02T10:00'),
  alias('bob', 'bob', '2025-02-01T23:00'),
  alias('b1', 'bob', '2025-02-01T23:00'),
  alias('c1', 'c1', '2025-02-10T10:00', { is_anonymous_id: true, is_user_id: false }),
  alias('dan', 'dan', '2025-02-05T12:00'),
  ...[1, 2, 3, 4, 5].map((i) =>
    alias(`t${i}`, `t${i}`, '2025-02-20T10:00', { is_anonymous_id: true, is_user_id: false }),
  ),
]

const touchColumns = (name: string, row: Row | null) =>
  row
    ? {
        [`${name}_at`]: row.touched_at!,
        ...Object.fromEntries(
          ['channel', 'source', 'medium', 'campaign', 'referrer'].map((c) => [`${name}_${c}`, row[c]!]),
        ),
      }
    : {}
const attributionRows: Row[] = [
  rowOf(attribution, {
    person_id: 'ann',
    signed_up_at: at('2025-01-03T10:05'),
    session_count_before_signup: 2,
    signup_session_id: 's3',
    signup_session_number: 3,
    blog_url: 'https://acme.com/blog/hello',
    first_page_ever_visited: 'https://acme.com/s1',
    ...touchColumns('first_touch', touch('s1')),
    ...touchColumns('last_touch', touch('s3')),
    ...touchColumns('first_paid_touch', touch('s1')),
    ...touchColumns('last_paid_touch', touch('s1')),
    from_run: 2,
  }),
  rowOf(attribution, {
    person_id: 'bob',
    signed_up_at: at('2025-02-01T23:30'),
    session_count_before_signup: 0,
    signup_session_id: 's4',
    signup_session_number: 1,
    ...touchColumns('first_touch', touch('s4')),
    ...touchColumns('last_touch', touch('s4')),
  }),
  rowOf(attribution, { person_id: 'dan', signed_up_at: at('2025-02-05T12:00') }),
]

const run = (run_id: number, state: string, day: string) =>
  rowOf(runs, {
    run_id,
    kind: 'increment',
    state,
    started_at: at(`${day}T05:00`),
    finished_at: at(`${day}T05:01`),
    published_at: state === 'published' ? at(`${day}T05:01`) : null,
    data_through: at(`${day}T04:00`),
    config_version: 'v1',
    rows_read: 10,
  })

/** Rows by table. Run 1 is pruned when `isPruned`: its row says so, as maintenance would. */
export function worldRows({
  hasRuns = true,
  isPruned = false,
} = {}): readonly (readonly [TableSpec, readonly Row[]])[] {
  const runRows = [
    run(1, isPruned ? 'pruned' : 'published', '2025-03-02'),
    run(2, 'published', '2025-03-03'),
    run(3, 'running', '2025-03-04'),
  ]
  return [
    [sessions, sessionRows],
    [touches, touchRows],
    [conversions, conversionRows],
    [credits, creditRows],
    [aliases, aliasRows],
    [attribution, attributionRows],
    [channelStats, statsOf(touchRows, creditRows)],
    [runs, hasRuns ? runRows : []],
    [
      runStages,
      [
        rowOf(runStages, { run_id: 2, stage: 'ingest', position: 1, rows: 10, milliseconds: 5 }),
        rowOf(runStages, { run_id: 2, stage: 'visits', position: 2, rows: 4, milliseconds: 7 }),
      ],
    ],
    [
      runSources,
      [rowOf(runSources, { run_id: 2, source: 'files', files: 1, rows_read: 10, accepted: 9, duplicates: 1 })],
    ],
    [
      events,
      [
        rowOf(events, {
          event_key: 'vanished',
          anonymous_id: 'a1',
          user_id: null,
          occurred_at: at('2025-01-01T10:05'),
          is_in_session: true,
          excluded_reason: null,
          run_id: 1,
        }),
      ],
    ],
  ]
}
