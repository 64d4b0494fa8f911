import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { defaultRules } from '../../src/pipeline/channels/rules.ts'
import {
  channelClickIds,
  channelHosts,
  channelSources,
  clickIdParameters,
  referenceRows,
  referenceTables,
  referenceVersion,
  referralExclusions,
} from '../../src/pipeline/channels/tables.ts'

const PAID = ['Paid Shopping', 'Paid Search', 'Paid Social', 'Paid Video', 'Paid Other', 'Display', 'Cross-network']

describe('reference data', () => {
  it.each(referenceTables.map((spec) => [spec.name, spec] as const))(
    '%s has unique, lower-case, trimmed keys',
    (_, spec) => {
      const keys = referenceRows(spec).map((row) => String(row[spec.key[0] ?? '']))
      expect(new Set(keys).size).toBe(keys.length)
      expect(keys.filter((key) => key !== key.trim().toLowerCase() || key === '')).toEqual([])
    },
  )

  it('hosts stand without www, which is taken off before the look-up', () => {
    expect(referenceRows(channelHosts).filter((row) => String(row.host).startsWith('www.'))).toEqual([])
  })

  it('every host leads to a source of its kind, and no name is another’s alias', () => {
    const kinds = new Map(referenceRows(channelSources).map((row) => [row.source, row.kind]))
    expect(referenceRows(channelHosts).filter((row) => kinds.get(String(row.name)) !== row.kind)).toEqual([])
    const aliases = new Map(referenceRows(channelHosts).map((row) => [row.host, row.name]))
    expect([...kinds.keys()].filter((name) => aliases.has(name) && aliases.get(name) !== name)).toEqual([])
  })

  it('a click id proves payment exactly when its channel is a paid one', () => {
    expect(referenceRows(channelClickIds).filter((row) => row.is_paid !== PAID.includes(String(row.channel)))).toEqual(
      [],
    )
  })

  it('looks for the strongest click ids first', () => {
    expect(clickIdParameters[0]).toBe('gclid')
    expect(clickIdParameters.indexOf('gclid')).toBeLessThan(clickIdParameters.indexOf('gad_source'))
    expect(clickIdParameters.indexOf('gad_source')).toBeLessThan(clickIdParameters.indexOf('fbclid'))
  })

  it('holds the hosts that everybody passes through, and no engine', () => {
    const hosts = referenceRows(referralExclusions).map((row) => row.host)
    expect(hosts).toEqual(
      expect.arrayContaining([
        'accounts.google.com',
        'login.microsoftonline.com',
        'appleid.apple.com',
        'checkout.stripe.com',
        'paypal.com',
        'okta.com',
      ]),
    )
    expect(hosts).not.toContain('google.com')
  })

  it('is what docs/channels.md says: rules, channels and click ids in order', () => {
    const doc = readFileSync(new URL('../../docs/channels.md', import.meta.url), 'utf8')
    const documented = [...doc.matchAll(/^\| `(default\/[^`]+)` \| ([^|]+) \| (yes)? ?\|/gm)].map((m) => [
      m[1],
      m[2],
      m[3] === 'yes',
    ])
    expect(documented).toEqual(defaultRules.map((rule) => [rule.id, rule.channel, rule.isPaid]))
    const clickIds = [...doc.matchAll(/^\| (`[^/\n]+`) \| ([^ |]+) \| ([^|]+) \|$/gm)].flatMap((m) =>
      [...(m[1] ?? '').matchAll(/`([^`]+)`/g)].map((id) => ({ click_id: id[1], source: m[2], channel: m[3] })),
    )
    expect(clickIds).toEqual(referenceRows(channelClickIds).map(({ is_paid, ...row }) => row))
  })

  it('has a version', () => {
    expect(referenceVersion).toMatch(/^[0-9a-f]{16}$/)
  })
})
