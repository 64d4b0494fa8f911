import { type Sql, sql } from '../../warehouses/sql.ts'

/** What a rule fired on, for the evidence of a touch. */
export type EvidencePart = 'source' | 'medium' | 'campaign' | 'click_id' | 'referrer' | 'page' | 'content' | 'term'

/**
 * One channel rule. The condition speaks of the columns that `classify.ts` prepares: `c_source` (normalised) and its
 * `c_kind`, `c_medium`, `c_campaign` (lower case), `c_click_id`, `c_click_source`, `c_click_channel`, `c_referrer`
 * (outside host) and its `c_referrer_kind`, and the facts `is_paid_medium`, `is_shop_campaign`, `is_click_alone` (a
 * click id, no medium, and no utm source of another network) and `is_untagged` (neither utm source nor medium). Nulls
 * make a comparison unknown, and a rule fires only on what is true.
 */
export interface ChannelRule {
  readonly id: string
  readonly channel: string
  readonly isPaid: boolean
  readonly isDirect: boolean
  readonly condition: Sql
  readonly evidence: readonly EvidencePart[]
}

const rule =
  (isPaid: boolean) =>
  (name: string, channel: string, condition: Sql, ...evidence: readonly EvidencePart[]): ChannelRule => ({
    id: `default/${name}`,
    channel,
    isPaid,
    isDirect: false,
    condition,
    evidence,
  })
const paid = rule(true)
const free = rule(false)

/** A channel that a click id alone stands for. */
const clickIs = (channel: string): Sql => sql`is_click_alone and c_click_channel = ${channel}`

/** Google Ads clicks land from search pages, from videos and from other people's pages; the referrer tells which. */
const googleAd = sql`is_click_alone and c_click_source = 'google' and c_click_channel = 'Paid Search'`

/** The default rules, in order: the first that holds decides. */
export const defaultRules: readonly ChannelRule[] = [
  {
    id: 'default/direct',
    channel: 'Direct',
    isPaid: false,
    isDirect: true,
    condition: sql`coalesce(c_source, c_medium, c_campaign, c_content, c_term, c_click_id, c_referrer) is null`,
    evidence: [],
  },

  paid('cross-network', 'Cross-network', sql`c_campaign like '%cross-network%'`, 'campaign'),
  paid(
    'paid-shopping',
    'Paid Shopping',
    sql`is_paid_medium and (c_kind = 'SHOPPING' or is_shop_campaign)`,
    'medium',
    'source',
    'campaign',
  ),
  paid('paid-search', 'Paid Search', sql`is_paid_medium and c_kind = 'SEARCH'`, 'medium', 'source'),
  paid('paid-social', 'Paid Social', sql`is_paid_medium and c_kind = 'SOCIAL'`, 'medium', 'source'),
  paid('paid-video', 'Paid Video', sql`is_paid_medium and c_kind = 'VIDEO'`, 'medium', 'source'),
  paid(
    'display',
    'Display',
    sql`c_medium in ('display', 'banner', 'expandable', 'interstitial', 'cpm')`,
    'medium',
    'source',
  ),
  paid('paid-other', 'Paid Other', sql`is_paid_medium`, 'medium', 'source'),

  paid(
    'click-id-paid-video',
    'Paid Video',
    sql`${googleAd} and (c_utm_source = 'youtube' or c_referrer_name = 'youtube')`,
    'click_id',
    'source',
    'referrer',
  ),
  paid(
    'click-id-on-other-sites',
    'Display',
    sql`${googleAd} and c_referrer_kind = 'ADS'`,
    'click_id',
    'source',
    'referrer',
  ),
  paid('click-id-paid-search', 'Paid Search', clickIs('Paid Search'), 'click_id', 'source'),
  paid('click-id-paid-social', 'Paid Social', clickIs('Paid Social'), 'click_id', 'source'),
  paid('click-id-display', 'Display', clickIs('Display'), 'click_id', 'source'),
  paid('click-id-paid-other', 'Paid Other', clickIs('Paid Other'), 'click_id', 'source'),

  // An assistant that passes on a link with somebody's utm parameters does not take the credit from who set them.
  free(
    'ai-assistant',
    'AI Assistant',
    sql`c_kind = 'AI' or c_medium = 'ai-assistant' or (is_untagged and c_referrer_kind = 'AI')`,
    'source',
    'medium',
    'referrer',
  ),

  free('click-id-organic-shopping', 'Organic Shopping', clickIs('Organic Shopping'), 'click_id', 'source'),
  free('click-id-organic-social', 'Organic Social', clickIs('Organic Social'), 'click_id', 'source'),
  free('click-id-email', 'Email', clickIs('Email'), 'click_id', 'source'),
  free('click-id-affiliates', 'Affiliates', clickIs('Affiliates'), 'click_id', 'source'),

  free('organic-shopping', 'Organic Shopping', sql`c_kind = 'SHOPPING' or is_shop_campaign`, 'source', 'campaign'),
  free(
    'organic-social',
    'Organic Social',
    sql`c_kind = 'SOCIAL' or c_medium in ('social', 'social-network', 'social-media', 'sm', 'social network', 'social media')`,
    'source',
    'medium',
  ),
  free('organic-video', 'Organic Video', sql`c_kind = 'VIDEO' or c_medium like '%video%'`, 'source', 'medium'),
  free('organic-search', 'Organic Search', sql`c_kind = 'SEARCH' or c_medium = 'organic'`, 'source', 'medium'),

  free('referral', 'Referral', sql`c_medium in ('referral', 'app', 'link')`, 'medium', 'source'),
  free(
    'email',
    'Email',
    sql`c_kind = 'EMAIL' or c_medium in ('email', 'e-mail', 'e_mail', 'e mail')`,
    'medium',
    'source',
  ),
  free('affiliates', 'Affiliates', sql`c_medium = 'affiliate'`, 'medium', 'source'),
  free('audio', 'Audio', sql`c_medium = 'audio'`, 'medium', 'source'),
  free('sms', 'SMS', sql`c_source = 'sms' or c_medium = 'sms'`, 'medium', 'source'),
  free(
    'push',
    'Mobile Push Notifications',
    sql`c_medium like '%push' or c_medium like '%mobile%' or c_medium like '%notification%' or c_source = 'firebase'`,
    'medium',
    'source',
  ),
  free('referral-host', 'Referral', sql`is_untagged and c_referrer is not null`, 'source', 'referrer'),

  free(
    'unassigned',
    'Unassigned',
    sql`1 = 1`,
    'source',
    'medium',
    'campaign',
    'content',
    'term',
    'click_id',
    'referrer',
  ),
]
