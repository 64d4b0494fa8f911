import { ConfigError } from '../../errors.ts'
import { expr, type Sql, sql } from '../../warehouses/sql.ts'
import type { ChannelRuleOptions } from '../options.ts'
import { anyOf, asciiLower } from '../stage.ts'
import { sourceName } from './reference.ts'
import type { ChannelRule, EvidencePart } from './rules.ts'

/** The project's own rules in the form of the default ones: `own/1`, `own/2` … None is direct. */
export function toChannelRules(rules: readonly ChannelRuleOptions[]): readonly ChannelRule[] {
  return rules.map((rule, i) => {
    const parts = conditions(rule, i)
    return {
      id: `own/${i + 1}`,
      channel: rule.channel,
      isPaid: rule.paid,
      isDirect: false,
      condition:
        parts.length === 0
          ? sql`1 = 1`
          : sql.join(
              parts.map(([, condition]) => condition),
              ' and ',
            ),
      evidence: parts.map(([part]) => part),
    }
  })
}

function conditions(rule: ChannelRuleOptions, index: number): readonly (readonly [EvidencePart, Sql])[] {
  const { source, medium, campaign, referrerHost, clickId, landingPath } = rule.when
  const parts: [EvidencePart, Sql][] = []
  if (source) parts.push(['source', anyOf(lower(source).map(isSource))])
  if (medium) parts.push(['medium', isIn('c_medium', medium)])
  if (campaign) parts.push(['campaign', isIn('c_campaign', campaign)])
  if (referrerHost) parts.push(['referrer', anyOf(lower(referrerHost).map(isHost))])
  if (clickId) parts.push(['click_id', isIn('c_click_id', clickId)])
  if (landingPath) parts.push(['page', anyOf(landingPath.map((pattern) => isPath(pattern, index)))])
  return parts
}

/** As the touch shows it, as the link spelled it, or by another of its spellings. */
function isSource(source: string): Sql {
  return sql`c_source in (${sql.values([...new Set([source, sourceName(source)])])}) or c_given_source = ${source}`
}

/** The host or a subdomain; compared from the right, because `_` and `%` mean something to LIKE. */
function isHost(host: string): Sql {
  const ending = `.${host}`
  return sql`c_referrer = ${host} or right(c_referrer, ${[...ending].length}) = ${ending}`
}

function isPath(pattern: string, index: number): Sql {
  if (pattern.includes('\\')) {
    const problem = `channels[${index}].when.landingPath: expected a LIKE pattern without backslash, but got: ${pattern}. The engines read it differently; use _ for one character and % for any.`
    throw new ConfigError([problem], 'The configuration')
  }
  return sql`${asciiLower('c_path')} like ${lower([pattern])[0] ?? ''}`
}

function isIn(column: 'c_medium' | 'c_campaign' | 'c_click_id', values: readonly string[]): Sql {
  return values.length === 0 ? anyOf([]) : sql`${expr(column)} in (${sql.values(lower(values))})`
}

/** ASCII lower case, as the warehouse folds what it compares with. */
const lower = (values: readonly string[]): string[] => values.map((v) => v.replace(/[A-Z]+/g, (s) => s.toLowerCase()))
