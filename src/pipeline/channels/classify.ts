import type { Dialect } from '../../warehouses/dialect.ts'
import { expr, type Sql, sql } from '../../warehouses/sql.ts'
import type { ChannelRuleOptions } from '../options.ts'
import { asciiLower } from '../stage.ts'
import { toChannelRules } from './own-rules.ts'
import { type ChannelRule, defaultRules, type EvidencePart } from './rules.ts'

/** Relations with the rows of the reference tables of the same columns. */
export interface ChannelReference {
  readonly hosts: Sql
  readonly sources: Sql
  readonly clickIds: Sql
}

/**
 * One select that gives each row of `from` its source, medium, campaign, content, term and channel, the rule that fired
 * (`rule_id`), what it fired on (`evidence`), `is_paid` and `is_direct`, after the columns to pass through. `from` is a
 * table or a select in parentheses with `utm_source, utm_medium, utm_campaign, utm_content, utm_term, click_id,
 * referrer_host, page_url`: trimmed, null when absent, `referrer_host` only when outside. As many rows come out as go in.
 */
export function classifyTouches(
  d: Dialect,
  from: Sql,
  passThrough: readonly string[],
  ownRules: readonly ChannelRuleOptions[],
  reference: ChannelReference,
): Sql {
  const rules = [...toChannelRules(ownRules), ...defaultRules]
  const needsPath = rules.some((rule) => rule.evidence.includes('page'))
  const listed = (prefix: string) =>
    sql.join(
      passThrough.map((name) => sql`${expr(`${prefix}${name}`)},`),
      ' ',
    )
  return sql`with channel_given as (
    select ${listed('t.')}
        ${absent(asciiLower('t.utm_source'), ['', '(direct)', '(none)', '(not set)'])} as c_given_source,
        ${absent(asciiLower('t.utm_medium'), ['', '(none)', '(not set)'])} as c_medium,
        ${asDelivered('t.utm_campaign')} as c_campaign_given,
        ${asDelivered('t.utm_content')} as c_content,
        ${asDelivered('t.utm_term')} as c_term,
        ${absent(asciiLower('t.click_id'), [''])} as c_click_id,
        ${absent(asciiLower('t.referrer_host'), [''])} as c_referrer,
        ${needsPath ? path(d) : d.cast(sql`null`, 'string')} as c_path
    from ${from} t
),
channel_hosted as (
    select t.*,
        ${withoutWww('t.c_given_source')} as c_source_host,
        ${withoutWww('t.c_referrer')} as c_referrer_bare
    from channel_given t
),
channel_named as (
    select t.*,
        coalesce(s1.name, s2.name, t.c_given_source) as c_utm_source,
        coalesce(r1.name, r2.name, t.c_referrer_bare) as c_referrer_name,
        coalesce(r1.kind, r2.kind) as c_referrer_kind,
        k.source as c_click_source,
        k.channel as c_click_channel,
        coalesce(s1.name, s2.name, t.c_given_source, k.source, r1.name, r2.name, t.c_referrer_bare) as c_source,
        ${asciiLower('t.c_campaign_given')} as c_campaign
    from channel_hosted t
    left join ${reference.hosts} s1 on s1.host = t.c_source_host
    left join ${reference.hosts} s2 on s2.host = ${parent('t.c_source_host')}
    left join ${reference.hosts} r1 on r1.host = t.c_referrer_bare
    left join ${reference.hosts} r2 on r2.host = ${parent('t.c_referrer_bare')}
    left join ${reference.clickIds} k on k.click_id = t.c_click_id
),
channel_facts as (
    select t.*,
        s.kind as c_kind,
        coalesce(c_medium like '%cp%' or c_medium in ('ppc', 'retargeting') or c_medium like 'paid%', false) as is_paid_medium,
        coalesce(${d.regexpMatches('c_campaign', '(^|[^a-df-z])shop|shopping')}, false) as is_shop_campaign,
        c_utm_source is null and c_medium is null as is_untagged,
        c_click_source is not null and c_medium is null and (
            c_utm_source is null or c_utm_source = c_click_source or (c_utm_source = 'youtube' and c_click_source = 'google')
        ) as is_click_alone
    from channel_named t
    left join ${reference.sources} s on s.source = t.c_source
),
channel_ruled as (
    select t.*, case
        ${sql.join(
          rules.map((rule) => sql`when ${rule.condition} then ${rule.id}`),
          '\n        ',
        )}
    end as c_rule
    from channel_facts t
)
select ${listed('')}
    c_source as source,
    c_medium as medium,
    c_campaign_given as campaign,
    c_content as content,
    c_term as term,
    ${channel(rules)} as channel,
    c_rule as rule_id,
    ${evidence(rules)} as evidence,
    ${firedOneOf(rules.filter((rule) => rule.isPaid))} as is_paid,
    ${firedOneOf(rules.filter((rule) => rule.isDirect))} as is_direct
from channel_ruled`
}

/** Words that stand for nothing become null. */
function absent(folded: Sql, words: readonly string[]): Sql {
  return sql`case when ${folded} not in (${sql.values(words)}) then ${folded} end`
}

function asDelivered(column: string): Sql {
  return sql`case when ${asciiLower(column)} not in ('', '(direct)', '(none)', '(not set)') then ${expr(column)} end`
}

function withoutWww(host: string): Sql {
  const h = expr(host)
  return sql`case when ${h} like 'www.%' then substr(${h}, 5) else ${h} end`
}

/** The entry that stands for all hosts with one more label: `de.search.yahoo.com` → `*.search.yahoo.com`. */
function parent(host: string): Sql {
  const h = expr(host)
  return sql`'*.' || substr(${h}, strpos(${h}, '.') + 1)`
}

/** Path of the landing page, `/` when the URL has none. */
function path(d: Dialect): Sql {
  return sql`case when t.page_url is not null then coalesce(${d.regexpExtract('t.page_url', '^[a-zA-Z][a-zA-Z0-9+.-]*://[^/?#]*(/[^?#]*)')}, '/') end`
}

function firedOneOf(rules: readonly ChannelRule[]): Sql {
  return rules.length === 0 ? sql`1 = 0` : sql`c_rule in (${sql.values(rules.map((rule) => rule.id))})`
}

function channel(rules: readonly ChannelRule[]): Sql {
  return byRule(
    rules,
    (rule) => rule.channel,
    (rule) => sql`${rule.channel}`,
  )
}

const PARTS: Readonly<Record<EvidencePart, Sql>> = {
  source: sql`', source=' || c_source || coalesce(' (' || c_kind || ')', '')`,
  medium: sql`', medium=' || c_medium`,
  campaign: sql`', campaign=' || c_campaign_given`,
  click_id: sql`', click_id=' || c_click_id`,
  referrer: sql`', referrer=' || c_referrer`,
  page: sql`', page=' || c_path`,
  content: sql`', content=' || c_content`,
  term: sql`', term=' || c_term`,
}

/** `medium=cpc, source=google (SEARCH)`: what is known of what the rule looks at. */
function evidence(rules: readonly ChannelRule[]): Sql {
  return byRule(rules, (rule) => `${rule.isDirect} ${rule.evidence.join()}`, evidenceOf)
}

function evidenceOf({ isDirect, evidence }: ChannelRule): Sql {
  if (evidence.length === 0) return isDirect ? sql`'nothing known'` : sql`'every touch'`
  return sql`substr(${sql.join(
    evidence.map((part) => sql`coalesce(${PARTS[part]}, '')`),
    ' || ',
  )}, 3)`
}

/** A value by the rule that fired, one line for all rules that give the same. */
function byRule(
  rules: readonly ChannelRule[],
  same: (rule: ChannelRule) => string,
  value: (rule: ChannelRule) => Sql,
): Sql {
  const lines = [...Map.groupBy(rules, same).values()].map(
    (group) => sql`when ${firedOneOf(group)} then ${sql.join(group.slice(0, 1).map(value))}`,
  )
  return sql`case
        ${sql.join(lines, '\n        ')}
    end`
}
