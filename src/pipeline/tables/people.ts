import { boolean, integer, nullable, table, text, time, versioned } from './table.ts'

/** Visits: the pieces sessions are made of. */
export const visits = table({
  name: 'visits',
  row: 'visit, with its owner',
  description:
    'Runs of events of one (anonymous id, user id, in session or not) without a silence longer than the gap.',
  kind: 'state',
  key: ['visit_id'],
  partitionBy: 'started_at',
  clusterBy: ['anonymous_id'],
  lookUpBy: [['anonymous_id', 'user_id'], ['user_id'], ['owner_id'], ['person_id'], ['visit_id']],
  columns: {
    visit_id: text('md5 of anonymous id, user id, kind and first event.'),
    anonymous_id: text('Device, empty when none.'),
    user_id: text('User, empty when none.'),
    is_in_session: boolean('Its events open and extend sessions.'),
    started_at: time('Time of its first event.'),
    ended_at: time('Time of its last event.'),
    first_key: text('Order key of its first event.'),
    last_key: text('Order key of its last event.'),
    event_count: integer('Events in it.'),
    page_count: integer('Pages and screens in it.'),
    entry_key: text('`0` and the order key of its first page or screen, else `1` and that of its first event.'),
    page_key: text('Order key of its first page with a URL.', nullable),
    page_url: text('URL of that page.', nullable),
    blog_key: text('Order key of its first page that matches `blogPattern`.', nullable),
    blog_url: text('URL of that page.', nullable),
    owner_id: text('Owner by the rule for its device, before aliases.'),
    person_id: text('The person it belongs to.'),
  },
})

/** What alias messages say, and what follows from it. */
export const aliasLinks = table({
  name: 'alias_links',
  row: 'link between two ids',
  description:
    'Links that alias messages declare, and from each id of a connected component of them to its person; ids that stand alone have none.',
  kind: 'state',
  key: ['kind', 'event_key', 'id', 'other_id'],
  clusterBy: ['kind'],
  lookUpBy: [['event_key'], ['id'], ['other_id']],
  columns: {
    kind: text('`declared` by an alias message, or of an id to its `person`.'),
    event_key: text('The alias message; empty for a person.'),
    occurred_at: time('When it happened.', nullable),
    id: text('The id before; the member of a component.'),
    other_id: text('The id after; the person: the member seen first as a user id, ties by bytes.'),
  },
})

/** The article's `aliasing.known_pairs`. */
export const knownPairs = versioned({
  name: 'known_pairs',
  row: '(anonymous id, user id)',
  description: 'Which accounts were seen on which devices.',
  kind: 'output',
  key: ['anonymous_id', 'user_id'],
  clusterBy: ['anonymous_id'],
  columns: {
    anonymous_id: text('Device or browser.'),
    user_id: text('Account.'),
    first_seen_at: time('First event with both.'),
    last_seen_at: time('Last event with both.'),
    first_event_key: text('The event that first linked them.'),
  },
})

/** Which person an id belongs to. */
export const aliases = versioned({
  name: 'aliases',
  row: '(id, person)',
  description: 'Persons that own visits of an anonymous id or user id. Look-ups by id follow `is_latest`.',
  kind: 'output',
  key: ['id', 'person_id'],
  clusterBy: ['id'],
  lookUpBy: [['id'], ['person_id']],
  columns: {
    id: text('Anonymous id or user id.'),
    person_id: text('The person.'),
    is_anonymous_id: boolean('The id was seen as an anonymous id.'),
    is_user_id: boolean('The id was seen as a user id.'),
    first_seen_at: time('Start of the first visit of the id that the person owns.'),
    last_seen_at: time('End of the last one.'),
    is_latest: boolean('The person owns the id’s latest visit.'),
  },
})

/** The article's `all_sessions`. */
export const sessions = versioned({
  name: 'sessions',
  row: 'session',
  description: 'Runs of one person’s in-session events, over all devices, without a silence longer than the gap.',
  kind: 'output',
  key: ['session_id'],
  partitionBy: 'started_at',
  clusterBy: ['person_id'],
  lookUpBy: [['person_id'], ['session_id'], ['started_at']],
  columns: {
    session_id: text('Event key of its first event.'),
    person_id: text('The person.'),
    started_at: time('Time of its first event.'),
    ended_at: time('Time of its last event.'),
    event_count: integer('Events in it.'),
    page_count: integer('Pages and screens in it.'),
    device_count: integer('Anonymous ids in it.'),
    landing_page: text('URL of its first page or screen, else of its first event.', nullable),
    referrer: text('Referrer of the same, outside or not.', nullable),
    touch_count: integer('Touches in it.'),
    is_signup_session: boolean('The person signed up in it.'),
  },
})

const touchFields = {
  channel: text('Channel by the rules; `Unattributed` for credit without a touch.'),
  source: text('Normalised source: lower case, known hosts by name.', nullable),
  medium: text('Medium, lower case.', nullable),
  campaign: text('Campaign as delivered.', nullable),
}

/** Moments a channel can be credited for. */
export const touches = versioned({
  name: 'touches',
  row: 'touch',
  description: 'The entry of each session, and later pages with a new campaign, click id or outside referrer.',
  kind: 'output',
  key: ['touch_id', 'session_id'],
  partitionBy: 'touched_at',
  clusterBy: ['person_id'],
  lookUpBy: [['person_id'], ['touch_id'], ['session_id'], ['touched_at']],
  columns: {
    touch_id: text('Event key of the page, or of the session’s first event when it has no page.'),
    session_id: text('Its session.'),
    person_id: text('The person.'),
    touched_at: time('When: the session’s start for the entry, else the page’s time.'),
    order_key: text('Place among the person’s touches, compared by bytes.'),
    is_entry: boolean('It opens its session.'),
    ...touchFields,
    content: text('`utm_content` as delivered.', nullable),
    term: text('`utm_term` as delivered.', nullable),
    click_id: text('Name of the click id parameter.', nullable),
    referrer: text('Outside referrer.', nullable),
    referrer_host: text('Its host.', nullable),
    page_url: text('URL of the page.', nullable),
    rule_id: text('The channel rule that fired.'),
    evidence: text('What it fired on.'),
    is_paid: boolean('The rule says money was spent.'),
    is_direct: boolean('The rule says nothing is known about where it came from.'),
    company_id: text('Company the event names: the touch is its alone.', nullable),
  },
})

/** Moments worth crediting. */
export const conversions = versioned({
  name: 'conversions',
  row: 'conversion',
  description: 'Signups and the other conversions of the configuration.',
  kind: 'output',
  key: ['conversion_id'],
  partitionBy: 'converted_at',
  clusterBy: ['person_id'],
  lookUpBy: [['person_id'], ['conversion_id'], ['converted_at']],
  columns: {
    conversion_id: text('md5 of conversion name and event key.'),
    conversion: text('Name in the configuration; `signup` always exists.'),
    person_id: text('The person.'),
    converted_at: time('When.'),
    event_key: text('The event.'),
    session_id: text(
      'The person’s last session that had begun by then and not ended more than the gap before.',
      nullable,
    ),
    value: integer('Value in minor units of the currency.', nullable),
    currency: text('ISO 4217 code.', nullable),
    value_problem: text('Why a delivered value could not be used.', nullable),
    company_id: text('Company the event names: the conversion is its alone.', nullable),
  },
})

/** The rule models that have a column pair in `credits`, in reading order. */
export const RULE_MODELS = [
  'first_touch',
  'last_touch',
  'last_non_direct',
  'first_paid',
  'last_paid',
  'linear',
] as const
export type RuleModel = (typeof RULE_MODELS)[number]

const perModel = <S extends string>(suffix: S, describe: (model: string) => string, more?: { nullable: true }) =>
  Object.fromEntries(RULE_MODELS.map((m) => [`${m}${suffix}`, integer(describe(m.toUpperCase()), more)])) as Record<
    `${RuleModel}${S}`,
    ReturnType<typeof integer>
  >

/** Shares of conversions. */
export const credits = versioned({
  name: 'credits',
  row: '(conversion, touch)',
  description:
    'What each rule model gives each eligible touch. A conversion without one has a single row `Unattributed`.',
  kind: 'output',
  key: ['conversion_id', 'touch_id'],
  partitionBy: 'converted_at',
  clusterBy: ['person_id'],
  columns: {
    conversion_id: text('The conversion.'),
    touch_id: text('The touch; empty for `Unattributed`.'),
    conversion: text('Name of the conversion.'),
    person_id: text('The person.'),
    converted_at: time('When the conversion happened.'),
    touched_at: time('When the touch happened; the conversion’s time for `Unattributed`.'),
    ...touchFields,
    position: integer('Place among the eligible touches, from 1; 0 for `Unattributed`.'),
    touch_count: integer('Eligible touches.'),
    currency: text('ISO 4217 code of the revenue.', nullable),
    ...perModel('_credit', (m) => `Billionths of the conversion under ${m}.`),
    ...perModel('_revenue', (m) => `Minor units of its value under ${m}; null without a value.`, nullable),
  },
})

const touchOf = (prefix: string, words: string) => ({
  [`${prefix}_at`]: time(`Time of the ${words}.`, nullable),
  [`${prefix}_channel`]: text('Its channel.', nullable),
  [`${prefix}_source`]: text('Its source.', nullable),
  [`${prefix}_medium`]: text('Its medium.', nullable),
  [`${prefix}_campaign`]: text('Its campaign.', nullable),
  [`${prefix}_referrer`]: text('Its referrer.', nullable),
})

/** The article's `sessions.attribution`. */
export const attribution = versioned({
  name: 'attribution',
  row: 'signed-up person',
  description: 'Where each signed-up person came from.',
  kind: 'output',
  key: ['person_id'],
  clusterBy: ['person_id'],
  columns: {
    person_id: text('The person.'),
    signed_up_at: time('When they signed up.'),
    session_count_before_signup: integer(
      'Sessions that began before the signup session, or before the signup when there is none.',
    ),
    signup_session_id: text('The signup session.', nullable),
    signup_session_number: integer('Its number within the person, from 1.', nullable),
    blog_url: text('First page at or before signup that matches `blogPattern`.', nullable),
    first_page_ever_visited: text('URL of the person’s first page.', nullable),
    first_page_at: time('When that was.', nullable),
    ...touchOf('first_touch', 'first touch'),
    ...touchOf('last_touch', 'last touch at or before signup'),
    ...touchOf('first_paid_touch', 'first paid touch'),
    ...touchOf('last_paid_touch', 'last paid touch at or before signup'),
  },
})

/** Quick look-ups for charts. */
export const channelStats = table({
  name: 'channel_stats',
  row: '15 minutes of UTC × channel × source × medium × campaign × conversion, of all people or of one company, as signed deltas',
  description:
    'Additive measures for charts; sum the rows of runs up to the one wanted. Rows without `company_id` count people, the others companies: never add the two.',
  kind: 'output',
  key: [
    'company_id',
    'bucket_at',
    'date_by',
    'channel',
    'source',
    'medium',
    'campaign',
    'conversion',
    'currency',
    'run_id',
  ],
  partitionBy: 'bucket_at',
  clusterBy: ['company_id', 'bucket_at'],
  columns: {
    company_id: text('The company whose conversions and touches these are; empty for those of people.'),
    bucket_at: time('Start of the 15 minutes.'),
    date_by: text(
      'What the row is dated by: `touch` (touches, sessions, credit) or `conversion` (conversions, credit).',
    ),
    ...touchFields,
    conversion: text('Name of the conversion; empty for touches and sessions.'),
    currency: text('ISO 4217 code of the revenue.', nullable),
    touches: integer('Touches.'),
    sessions: integer('Sessions, by their entry touch.'),
    ...perModel('_credit', (m) => `Billionths of conversions under ${m}.`),
    ...perModel('_revenue', (m) => `Minor units under ${m}.`),
    run_id: integer('The run that wrote the delta.'),
  },
})
