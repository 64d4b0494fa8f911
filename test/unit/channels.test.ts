import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { classifyTouches } from '../../src/pipeline/channels/classify.ts'
import { defaultRules } from '../../src/pipeline/channels/rules.ts'
import {
  channelClickIds,
  channelHosts,
  channelSources,
  referenceRows,
  referenceTables,
} from '../../src/pipeline/channels/tables.ts'
import type { ChannelRuleOptions } from '../../src/pipeline/options.ts'
import { duckdbDialect } from '../../src/warehouses/duckdb-dialect.ts'
import { compile, compileInline, type Sql, type SqlWriter, sql } from '../../src/warehouses/sql.ts'
import type { TableSpec } from '../../src/warehouses/warehouse.ts'
import type { Arrival } from './channels-case.ts'
import { cases } from './channels-cases.ts'

const FIELDS = [
  'utm_source',
  'utm_medium',
  'utm_campaign',
  'utm_content',
  'utm_term',
  'click_id',
  'referrer_host',
  'referrer',
  'page_url',
] as const
const PAID = ['Paid Shopping', 'Paid Search', 'Paid Social', 'Paid Video', 'Paid Other', 'Display', 'Cross-network']

const writer: SqlWriter = { ...duckdbDialect, table: duckdbDialect.quote, staging: duckdbDialect.quote }
const reference = {
  hosts: sql.table(channelHosts.name),
  sources: sql.table(channelSources.name),
  clickIds: sql.table(channelClickIds.name),
}

let connection: DuckDBConnection

async function rows(query: Sql, print: 'bound' | 'inline' = 'inline') {
  if (print === 'inline') return (await connection.runAndReadAll(compileInline(query, writer))).getRowObjectsJson()
  const { text, values } = compile(query, writer)
  return (await connection.runAndReadAll(text, [...values])).getRowObjectsJson()
}

/** Rows of a table of the test, with every column as text or boolean. */
async function load(spec: TableSpec) {
  const names = Object.keys(spec.columns)
  const columns = names.map(
    (name) => sql`${sql.id(name)} ${sql.raw(spec.columns[name]?.type === 'boolean' ? 'boolean' : 'varchar')}`,
  )
  await connection.run(compileInline(sql`create table ${sql.table(spec.name)} (${sql.join(columns)})`, writer))
  const tuples = referenceRows(spec).map(
    (row) => sql`(${sql.values(names.map((name) => row[name] as string | boolean))})`,
  )
  await connection.run(compileInline(sql`insert into ${sql.table(spec.name)} values ${sql.join(tuples)}`, writer))
}

/** Arrivals as a relation: `n` tells them apart. */
function relation(arrivals: readonly Arrival[]): Sql {
  const fields = FIELDS.map((f) => sql.id(f))
  const tuples = arrivals.map(
    (a, n) => sql`(${n}, ${sql.values(FIELDS.map((f) => (f === 'referrer' ? null : (a[f] ?? null))))})`,
  )
  const casts = FIELDS.map((f) => sql`cast(${sql.id(f)} as varchar) as ${sql.id(f)}`)
  return sql`(select n, ${sql.join(casts)} from (values ${sql.join(tuples)}) v(n, ${sql.join(fields)}))`
}

async function classify(
  arrivals: readonly Arrival[],
  own: readonly ChannelRuleOptions[] = [],
  print: 'bound' | 'inline' = 'inline',
) {
  const select = classifyTouches(duckdbDialect, relation(arrivals), ['n', 'page_url'], own, reference)
  return rows(sql`select * from (${select}) x order by n`, print)
}

const own = (channel: string, when: ChannelRuleOptions['when'], paid = false): ChannelRuleOptions => ({
  channel,
  paid,
  when,
})

/** The channel and rule one arrival gets under one own rule. */
async function underOwn(rule: ChannelRuleOptions, arrival: Arrival) {
  const [row] = await classify([arrival], [rule])
  return row?.rule_id === 'own/1'
}

beforeAll(async () => {
  connection = await (await DuckDBInstance.create(':memory:')).connect()
  for (const spec of referenceTables) await load(spec)
})
afterAll(() => connection.closeSync())

describe('default rules', () => {
  let found: Awaited<ReturnType<typeof classify>>
  beforeAll(async () => {
    found = await classify(cases.map(([arrival]) => arrival))
  })

  it('give one row for each touch', () => {
    expect(found).toHaveLength(cases.length)
    expect(cases.length).toBeGreaterThan(150)
  })

  it.each(cases.map((c, i) => [i, JSON.stringify(c[0]), c[1]] as const))('%i %s → %s', (i, _, channel) => {
    const row = found[i]
    expect(row).toMatchObject({ n: i, channel, ...cases[i]?.[2] })
    expect(row?.is_paid).toBe(PAID.includes(channel))
    expect(row?.is_direct).toBe(channel === 'Direct')
    expect(row?.evidence).toBeTruthy()
  })

  it('pass columns through and add exactly their own', () => {
    const added = [
      'source',
      'medium',
      'campaign',
      'content',
      'term',
      'channel',
      'rule_id',
      'evidence',
      'is_paid',
      'is_direct',
    ]
    expect(Object.keys(found[0] ?? {})).toEqual(['n', 'page_url', ...added])
  })

  it('are the same with bound values', async () => {
    expect(
      await classify(
        cases.map(([arrival]) => arrival),
        [],
        'bound',
      ),
    ).toEqual(found)
  })

  it('each fire for at least one case', () => {
    expect(new Set(found.map((row) => row.rule_id))).toEqual(new Set(defaultRules.map((rule) => rule.id)))
  })
})

describe('own rules', () => {
  it('come before the defaults, in their order, and say themselves whether they are paid', async () => {
    const list = [
      own('Partner', { source: ['bestlists'] }),
      own('Sponsored', { medium: ['sponsor', 'CPC'] }, true),
      own('Never', { source: ['bestlists'] }, true),
    ]
    const found = await classify(
      [{ utm_source: 'BestLists', utm_medium: 'cpc' }, { utm_source: 'google', utm_medium: 'cpc' }, {}],
      list,
    )
    expect(found).toMatchObject([
      { channel: 'Partner', rule_id: 'own/1', is_paid: false, is_direct: false, evidence: 'source=bestlists' },
      { channel: 'Sponsored', rule_id: 'own/2', is_paid: true, evidence: 'medium=cpc' },
      { channel: 'Direct', rule_id: 'default/direct', is_direct: true },
    ])
  })

  it('need all that is given', async () => {
    const rule = own('P', { source: ['a', 'b'], medium: ['m'], campaign: ['Spring Sale'] })
    expect(await underOwn(rule, { utm_source: 'b', utm_medium: 'M', utm_campaign: 'spring sale' })).toBe(true)
    expect(await underOwn(rule, { utm_source: 'b', utm_medium: 'm' })).toBe(false)
    expect(await underOwn(rule, { utm_source: 'c', utm_medium: 'm', utm_campaign: 'spring sale' })).toBe(false)
  })

  it('an empty list holds for nothing, no condition for everything', async () => {
    expect(await underOwn(own('P', { source: [] }), {})).toBe(false)
    expect(await underOwn(own('P', { medium: [] }), { utm_medium: 'cpc' })).toBe(false)
    expect(await underOwn(own('P', {}), {})).toBe(true)
  })

  it('know a source by every spelling', async () => {
    expect(await underOwn(own('P', { source: ['fb'] }), { utm_source: 'facebook' })).toBe(true)
    expect(await underOwn(own('P', { source: ['facebook'] }), { utm_source: 'FB' })).toBe(true)
    expect(await underOwn(own('P', { source: ['Twitter'] }), { referrer_host: 't.co' })).toBe(true)
    expect(await underOwn(own('P', { source: ['partner.example'] }), { referrer_host: 'www.partner.example' })).toBe(
      true,
    )
    expect(await underOwn(own('P', { source: ['google'] }), { click_id: 'gclid' })).toBe(true)
    expect(
      await underOwn(own('P', { source: ['google'] }), { utm_source: 'bing', referrer_host: 'www.google.com' }),
    ).toBe(false)
  })

  it.each([
    ['partner.example', 'partner.example', true],
    ['partner.example', 'www.partner.example', true],
    ['Partner.Example', 'a.b.PARTNER.example', true],
    ['partner.example', 'notpartner.example', false],
    ['partner.example', 'partner.example.evil.test', false],
    ['my_host.example', 'myxhost.example', false],
    ['my_host.example', 'a.my_host.example', true],
    ['%.example', 'partner.example', false],
    ['www.partner.example', 'partner.example', false],
  ])('referrer host %s against %s: %s', async (host, referrer_host, fires) => {
    expect(await underOwn(own('P', { referrerHost: [host] }), { referrer_host })).toBe(fires)
  })

  it.each([
    ['/lp/%', 'https://acme.test/lp/spring?utm_source=x', true],
    ['/LP/%', 'https://acme.test/lp/Spring', true],
    ['/lp/%', 'https://acme.test/blog/lp/', false],
    ['/lp/_', 'https://acme.test/lp/a#top', true],
    ['/lp/_', 'https://acme.test/lp/ab', false],
    ['/', 'https://acme.test', true],
    ['/', 'https://acme.test?x=/lp/', true],
    ["/o'brien", "https://acme.test/o'brien", true],
    ['/lp/%', undefined, false],
  ])('landing path like %s of %s: %s', async (pattern, page_url, fires) => {
    expect(await underOwn(own('P', { landingPath: [pattern] }), page_url ? { page_url } : {})).toBe(fires)
  })

  it('shows the landing path as evidence', async () => {
    const found = await classify(
      [{ page_url: 'https://acme.test/lp/spring?x=1' }],
      [own('P', { landingPath: ['/x', '/lp/%'] })],
    )
    expect(found[0]?.evidence).toBe('page=/lp/spring')
  })

  it('refuse a landing path that engines read differently', () => {
    const rules = [own('P', { landingPath: ['/100\\%'] })]
    expect(() => classifyTouches(duckdbDialect, relation([{}]), ['n'], rules, reference)).toThrow('without backslash')
  })

  it('match click ids by name', async () => {
    expect(
      await underOwn(own('P', { clickId: ['GCLID'] }), { click_id: 'gclid', utm_source: 'other', utm_medium: 'email' }),
    ).toBe(true)
    expect(await underOwn(own('P', { clickId: ['mine'] }), { click_id: 'mine' })).toBe(true)
    expect(await underOwn(own('P', { clickId: ['mine'] }), {})).toBe(false)
  })

  it.each(["o'brien", 'back\\slash', '50%', "';drop table channel_hosts;--", '$1', '{x}', 'a\nb', '日本', '_'])(
    'take %j as it is',
    async (value) => {
      for (const print of ['inline', 'bound'] as const) {
        const [row] = await classify(
          [{ utm_source: value, utm_campaign: value }],
          [own(value, { source: [value], campaign: [value] })],
          print,
        )
        expect(row).toMatchObject({ channel: value, source: value, campaign: value, rule_id: 'own/1' })
      }
      expect(await underOwn(own('P', { source: [value] }), { utm_source: 'something else' })).toBe(false)
    },
  )
})
