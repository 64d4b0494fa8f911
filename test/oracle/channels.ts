import type { ChannelRuleOptions } from '../../src/pipeline/options.ts'
import { clickIds, sourceKind, sourceName } from './reference.ts'
import type { ChannelChoice, Event } from './types.ts'
import { foldCase, isLike, isWithin } from './url.ts'

/** What a touch says about where it comes from: the event, and the fields the touch made of it. */
interface Origin {
  event: Event
  /** The utm source by name, without what means nothing. */
  utmSource: string | null
  source: string | null
  medium: string | null
  campaign: string | null
  content: string | null
  term: string | null
}

/** The first rule that holds: the project's own, then those of docs/channels.md. */
export function chooseChannel(origin: Origin, ownRules: readonly ChannelRuleOptions[]): ChannelChoice {
  const own = ownRules.find((rule) => ownRuleHolds(rule, origin))
  if (own !== undefined) return { channel: own.channel, isPaid: own.paid, isDirect: false }
  const channel = defaultChannel(origin)
  const isPaid = channel.startsWith('Paid ') || channel === 'Cross-network' || channel === 'Display'
  return { channel, isPaid, isDirect: channel === 'Direct' }
}

function defaultChannel({ event, utmSource, source, medium: mediumOrNull, campaign, content, term }: Origin): string {
  const { referrerHost } = event
  const medium = mediumOrNull ?? ''
  const campaignText = foldCase(campaign ?? '')
  const kind = sourceKind(source)
  const referrerName = referrerHost === null ? null : sourceName(referrerHost)
  const clickId = clickIds.find((c) => c.parameter === event.clickId)

  const isPaid = medium.includes('cp') || medium === 'ppc' || medium === 'retargeting' || medium.startsWith('paid')
  const isShop = campaignText.includes('shopping') || /(^|[^a-df-z])shop/.test(campaignText)
  const isUntagged = utmSource === null && mediumOrNull === null
  const isOwnNetwork =
    utmSource === null || utmSource === clickId?.source || (clickId?.source === 'google' && utmSource === 'youtube')
  const alone = clickId !== undefined && mediumOrNull === null && isOwnNetwork ? clickId : undefined
  const isGoogleAds = alone?.source === 'google' && alone.channel === 'Paid Search'
  const isAlone = (...channels: string[]) => alone !== undefined && channels.includes(alone.channel)
  const isUnknown = [source, mediumOrNull, campaign, content, term, event.clickId, referrerHost].every(
    (v) => v === null,
  )

  if (isUnknown) return 'Direct'
  if (campaignText.includes('cross-network')) return 'Cross-network'
  if (isPaid && (kind === 'SHOPPING' || isShop)) return 'Paid Shopping'
  if (isPaid && kind === 'SEARCH') return 'Paid Search'
  if (isPaid && kind === 'SOCIAL') return 'Paid Social'
  if (isPaid && kind === 'VIDEO') return 'Paid Video'
  if (['display', 'banner', 'expandable', 'interstitial', 'cpm'].includes(medium)) return 'Display'
  if (isPaid) return 'Paid Other'
  if (isGoogleAds && (utmSource === 'youtube' || referrerName === 'youtube')) return 'Paid Video'
  if (isGoogleAds && sourceKind(referrerName) === 'ADS') return 'Display'
  if (isAlone('Paid Search', 'Paid Social', 'Display', 'Paid Other')) return alone!.channel
  if (kind === 'AI' || medium === 'ai-assistant') return 'AI Assistant'
  if (isUntagged && sourceKind(referrerName) === 'AI') return 'AI Assistant'
  if (isAlone('Organic Shopping', 'Organic Social', 'Email', 'Affiliates')) return alone!.channel
  if (kind === 'SHOPPING' || isShop) return 'Organic Shopping'
  if (kind === 'SOCIAL' || SOCIAL_MEDIA.includes(medium)) return 'Organic Social'
  if (kind === 'VIDEO' || medium.includes('video')) return 'Organic Video'
  if (kind === 'SEARCH' || medium === 'organic') return 'Organic Search'
  if (['referral', 'app', 'link'].includes(medium)) return 'Referral'
  if (kind === 'EMAIL' || ['email', 'e-mail', 'e_mail', 'e mail'].includes(medium)) return 'Email'
  if (medium === 'affiliate') return 'Affiliates'
  if (medium === 'audio') return 'Audio'
  if (source === 'sms' || medium === 'sms') return 'SMS'
  if (
    medium.endsWith('push') ||
    medium.includes('mobile') ||
    medium.includes('notification') ||
    source === 'firebase'
  ) {
    return 'Mobile Push Notifications'
  }
  if (isUntagged && referrerHost !== null) return 'Referral'
  return 'Unassigned'
}

const SOCIAL_MEDIA = ['social', 'social-network', 'social-media', 'sm', 'social network', 'social media']

/** All that is given must hold; of a list, any entry. Without case. */
function ownRuleHolds({ when }: ChannelRuleOptions, { event, source, medium, campaign }: Origin): boolean {
  const holds = (
    entries: readonly string[] | undefined,
    value: string | null,
    test: (value: string, entry: string) => boolean,
  ) => entries === undefined || (value !== null && entries.some((entry) => test(foldCase(value), foldCase(entry))))
  const isEqual = (value: string, entry: string) => value === entry
  const isSource = (value: string, entry: string) => value === (sourceName(entry) ?? entry)

  return (
    (holds(when.source, source, isSource) || holds(when.source, event.utmSource, isEqual)) &&
    holds(when.medium, medium, isEqual) &&
    holds(when.campaign, campaign, isEqual) &&
    holds(when.referrerHost, event.referrerHost, isWithin) &&
    holds(when.clickId, event.clickId, isEqual) &&
    holds(when.landingPath, event.pagePath, isLike)
  )
}
