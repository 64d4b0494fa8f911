/** What the staging tables of a run hold, for people who read its SQL. */
const meanings: Readonly<Record<string, string>> = {
  checked: 'Each line with clean ids and times, and why it cannot be used.',
  shaped: 'Usable messages as events: URL, campaign, click id and names taken apart.',
  agents: 'User agents of the batch, and which of them are bots.',
  outside_hosts: 'Referrer hosts that are outside.',
  incoming: 'Events with outside referrers marked and exclusions named.',
  copies: 'Each event of the batch, and what the ledger knows of its key.',
  contested: 'Keys with more than one copy: which copy counts.',
  statuses: 'What each row read is: fresh, replacing, seen before or a duplicate.',
  withdrawn: 'Stored events whose place a copy received earlier takes.',
  new_events: 'The rows this run adds to events.',
  ledger_changes: 'Ledger rows that come (is_old 0) and go (is_old 1).',
  refused: 'Rows for quarantine.',
  source_counts: 'Where the rows of each source went.',
  withdrawn_events: 'The withdrawn events as they are stored.',
  visits_broken: 'Stored visits that held a withdrawn event.',
  reread: 'The other events of those visits, to make them anew.',
  reread_keys: 'Events whose candidates are made anew.',
  batch: 'The events that make visits in this run.',
  pieces: 'Events of one device and user in one bucket of the gap’s length, added up.',
  visits_hit: 'Stored visits that come within the gap of a piece.',
  visits_merged: 'Pieces and the visits they touch, merged.',
  touch_candidates_new: 'Pages and screens that touches may be made of.',
  conversion_candidates_new: 'Events that some conversion names, with their value in minor units.',
  activity_new: 'Hours of use that the batch adds and withdrawals take back.',
  visits_gone: 'Visits that leave the table as they are: merged into others, or broken.',
  devices: 'Devices whose visits changed.',
  device_visits: 'Every visit of those devices as it will be after the run.',
  owners: 'Who owns each of these visits.',
  links_new: 'Links that alias messages of the batch make.',
  links_gone: 'Links that were withdrawn.',
  alias_touched: 'Ids whose links or visits changed.',
  alias_seeds: 'Those, and the other ends of their links.',
  alias_nodes: 'All members of the components they lie in.',
  alias_edges: 'Links among these ids that count, in both directions.',
  alias_labels: 'Each id with the smallest id it can reach so far.',
  alias_hooked: 'Each label takes over the smallest label next to it.',
  members_new: 'The person of each of these ids.',
  owned: 'The visits with owner and person after aliases.',
  moved: 'Older visits that change owner or person.',
  visits_out: 'Rows that leave visits.',
  visits_in: 'Rows that come into visits.',
  affected_people: 'Everyone whose visits changed: the rest of the run is about them.',
  known_pairs_rows: 'Pairs of device and user of the changed devices.',
  alias_ids: 'Ids whose visits changed.',
  alias_visits: 'Their visits after the run.',
  aliases_rows: 'Which persons own visits of each id.',
  people_visits: 'All visits of the affected people.',
  session_visits: 'Their in-session visits, each with the session it lies in.',
  sessions_merged: 'Their sessions: visits of all their devices, merged.',
  candidates: 'Touch candidates of the affected sessions.',
  visit_candidates: 'Each in the visit it lies in.',
  session_candidates: 'Each in its session, with the referrer of the page before it.',
  considered: 'The entry of each session, and later candidates the single-page rule leaves.',
  classified: 'Those with channel, normalised source, and the rule that fired.',
  touches_rows: 'Touches: candidates that differ from the one before them.',
  conversion_candidates_people: 'Conversion candidates of the affected people.',
  conversion_visits: 'Each in the visit it lies in.',
  conversions_counting: 'Those that count: every one, or the person’s first.',
  conversions_rows: 'Conversions with the session they fall in.',
  sessions_rows: 'Sessions as readers see them.',
  eligible: 'Touches that each conversion may credit.',
  credits_rows: 'Credit and revenue of each touch under each rule model.',
  signup_touches: 'First, last, first paid and last paid touch before each signup.',
  attribution_rows: 'Attribution rows of the affected people.',
  channel_stats_new: 'What opened and closed touches and credits add to the sums and take away.',
}

const patterns: readonly (readonly [RegExp, (name: string) => string])[] = [
  [
    /^conversion_candidates_(\d+)$/,
    (n) => `Candidates of conversion number ${n} of the configuration, counted from 0.`,
  ],
  [/^(\w+)_current$/, (table) => `Current rows of ${table} that were computed anew.`],
  [/^(\w+)_unchanged$/, (table) => `Keys of ${table} whose row is as it was.`],
  [/^(\w+)_closed$/, (table) => `Rows of ${table} this run closes: replaced, or gone.`],
  [/^(\w+)_opened$/, (table) => `Rows of ${table} this run opens: new, or changed.`],
]

/** What a staging table holds, in a sentence; empty when nobody has said so. */
export function stagingTable(name: string): string {
  if (Object.hasOwn(meanings, name)) return meanings[name]!
  for (const [pattern, say] of patterns) {
    const match = pattern.exec(name)
    if (match) return say(match[1]!)
  }
  return ''
}
