import { expect, test } from 'vitest'
import { incrementContext } from '../../src/pipeline/context.ts'
import { readSources } from '../../src/pipeline/ingest.ts'
import { queryOf, type SingleStep } from '../../src/pipeline/stage.ts'
import { stages } from '../../src/pipeline/stages.ts'
import { duckdbDialect } from '../../src/warehouses/duckdb-dialect.ts'
import { type Sql, sql } from '../../src/warehouses/sql.ts'
import { companyOptions } from '../conformance/companies-world.ts'
import { testSettings } from '../oracle/settings.ts'

/** How much of a table a step of an increment reads. */
const BOUNDS = {
  constant: 'comes with tributary; does not grow',
  ranges: 'only the days of withdrawn events, or of the visits that held them',
  months: 'only the months since the earliest affected session, or since the earliest new event',
  keys: 'its key columns whole, and the rows of those keys',
  one: 'two numbers of each row; nothing else but where a key may be known',
  few: 'whole; has a row per refused or released line, or per alias message',
  companies:
    'whole; has a row per company or membership and state of it, and only in a run that copies companies or whose people are members',
  people: 'the person column whole, and rows of the people who signed up, or whose signup is concerned',
} as const

/** Every read of a stored table by an increment. A new one has to be put here, and thought about. */
const READS: Readonly<Record<string, keyof typeof BOUNDS>> = {
  'ingest checked releases': 'few',
  'ingest outside_hosts referral_exclusions': 'constant',
  'ingest ledger_hits event_ledger': 'one',
  'ingest copies event_ledger': 'one',
  'ingest quarantine_current quarantine': 'few',
  'visits withdrawn_events events': 'ranges',
  'visits visits_broken visits': 'keys',
  'visits reread events': 'ranges',
  'visits visits_hit visits': 'months',
  'identities device_pairs known_pairs': 'keys',
  'identities device_visits visits': 'keys',
  'identities links_gone alias_links': 'few',
  'identities alias_touched alias_links': 'few',
  'identities alias_seeds alias_links': 'few',
  'identities alias_nodes alias_links': 'few',
  'identities alias_edges visits': 'keys',
  'identities alias_edges alias_links': 'few',
  'identities members_new visits': 'keys',
  'identities owned alias_links': 'few',
  'identities moved visits': 'keys',
  'identities known_pairs_current known_pairs': 'keys',
  'identities alias_widened aliases': 'keys',
  'identities alias_visits visits': 'keys',
  'identities aliases_current aliases': 'keys',
  'sessions affected_people sessions': 'months',
  'sessions people_visits visits': 'months',
  'touches candidates touch_candidates': 'months',
  'touches session_candidates touch_candidates': 'months',
  'touches classified channel_hosts': 'constant',
  'touches classified channel_click_ids': 'constant',
  'touches classified channel_sources': 'constant',
  'touches touches_current touches': 'months',
  'conversions conversion_candidates_people conversion_candidates': 'months',
  'conversions conversions_counting conversions': 'keys',
  'conversions conversions_current conversions': 'months',
  'conversions sessions_current sessions': 'months',
  'credits attribution_people attribution': 'keys',
  'credits journeys touches': 'people',
  'credits credits_current credits': 'months',
  'attribution signups conversions': 'keys',
  'attribution signup_sessions sessions': 'people',
  'attribution signup_pages visits': 'people',
  'attribution attribution_current attribution': 'keys',
  'companies company_copied_again companies': 'companies',
  'companies member_copied_again company_members': 'companies',
  'companies company_changes companies': 'companies',
  'companies company_states companies': 'companies',
  'companies member_changes company_members': 'companies',
  'companies member_states company_members': 'companies',
  'companies company_members_current company_members': 'companies',
  'companies affected_ids aliases': 'keys',
  'companies affected_companies companies': 'companies',
  'companies affected_companies company_members': 'companies',
  'companies company_people aliases': 'keys',
  'companies company_people company_members': 'companies',
  'companies company_rows_after companies': 'companies',
  'companies company_touches touches': 'keys',
  'companies company_paid watermarks': 'few',
  'companies company_conversions conversions': 'keys',
  'companies company_stats_new channel_stats': 'keys',
  'companies company_seen aliases': 'keys',
  'companies company_member_counts company_members': 'companies',
  'companies companies_current companies': 'companies',
  'companies product_counts companies': 'companies',
  'companies product_counts company_members': 'companies',
}

const tablesOf = (statement: Sql): readonly string[] => [
  ...new Set(statement.parts.flatMap((part) => (part.kind === 'table' ? [part.name] : []))),
]

test('docs/scans.md names every read of a stored table by an increment, and what bounds it', async () => {
  const c = incrementContext({
    d: duckdbDialect,
    options: { ...testSettings, companies: companyOptions('product') },
    run: 1,
    startedAt: '2025-01-01T00:00:00.000000Z',
  })
  const copy = {
    companies: sql`select * from copied`,
    members: sql`select * from copied`,
    at: c.startedAt,
    previousAt: c.startedAt,
    isAnew: false,
    since: new Map(),
  }
  const found = stages.flatMap((stage) => {
    const steps = [...(stage.name === 'ingest' ? readSources(c) : []), ...stage.steps({ ...c, copy })]
    return steps
      .flatMap((step): readonly SingleStep[] => ('repeat' in step ? step.repeat : [step]))
      .flatMap((step) => tablesOf(queryOf(step)).map((table) => ({ stage: stage.name, step: step.into, table })))
  })
  const names = [...new Set(found.map(({ stage, step, table }) => `${stage} ${step} ${table}`))]
  expect([...names].sort()).toEqual(Object.keys(READS).sort())
  const rows = names.map((name) => `| ${name.replaceAll(' ', ' | ')} | ${BOUNDS[READS[name]!]} |`)
  const text = [
    '# What an increment reads',
    '',
    '_Printed by a test: `npx vitest run test/unit/scans.test.ts -u`. [Scale](scale.md) says what it comes to._',
    '',
    '| Stage | Step | Table | How much of it |',
    '|---|---|---|---|',
    ...rows,
    '',
  ]
  await expect(text.join('\n')).toMatchFileSnapshot('../../docs/scans.md')
})
