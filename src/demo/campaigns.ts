import { launchWeek } from './calendar.ts'
import type { Landing } from './site.ts'
import type { People, TrafficSource } from './traffic.ts'

export const direct: TrafficSource = {
  label: { channel: 'Direct', source: null, campaign: null },
  arrival: { referrer: '', landings: ['home', 'home', 'pricing', 'docs'] },
  share: { opens: 9, assists: 24, closes: 22 },
  people: { signupRate: 0.22, consideration: 1.5, deal: 1.1 },
}

/** A mail about the product to its users. */
export const productMail: TrafficSource = email('product-updates', 'product-{month}', undefined, ['home'])

/** The mail that asks a colleague in. */
export const invitationMail: TrafficSource = email('invitation', 'colleague-invited', undefined, ['home'])

/** The mail that brings people on trial to the checkout. */
export const trialMail: TrafficSource = email('lifecycle', 'trial-ending', 'day-12', ['pricing'])

const usual: People = { signupRate: 0.13, consideration: 2.6, deal: 1 }

/** People who look for Acme by name: they had heard of it elsewhere. */
export const brandSearch: TrafficSource = {
  ...google('brand', 'acme', ['home', 'pricing']),
  share: { opens: 4, assists: 6, closes: 21 },
  people: { signupRate: 0.42, consideration: 0.8, deal: 1.2 },
}

const paidSearch: readonly TrafficSource[] = [
  brandSearch,
  {
    ...google('category', 'workflow automation', ['guide']),
    share: { opens: 9, assists: 3, closes: 5 },
    people: { signupRate: 0.21, consideration: 1.6, deal: 0.8 },
  },
  {
    ...google('competitor', 'acme alternative', ['compare']),
    share: { opens: 5, assists: 2, closes: 6 },
    people: { signupRate: 0.26, consideration: 1.2, deal: 0.9 },
    runs: [[0.18, 0.72]],
  },
  {
    // Auto-tagging only: somebody forgot the campaign parameters.
    label: { channel: 'Paid Search', source: 'google', campaign: null },
    arrival: { referrer: 'https://www.google.com/', landings: ['guide', 'home'], clickId: 'gclid' },
    share: { opens: 2, assists: 1, closes: 2 },
    people: { signupRate: 0.2, consideration: 1.4, deal: 0.8 },
    runs: [[0.4, 0.55]],
  },
  {
    label: { channel: 'Paid Search', source: 'bing', campaign: 'bing-brand' },
    arrival: {
      referrer: 'https://www.bing.com/',
      landings: ['home'],
      utm: { source: 'bing', medium: 'cpc', term: 'acme' },
      clickId: 'msclkid',
    },
    share: { opens: 1, assists: 1, closes: 3 },
    people: { signupRate: 0.35, consideration: 0.8, deal: 1.3 },
  },
]

const paidSocial: readonly TrafficSource[] = [
  linkedin('ops-leaders-q1', 'carousel', [[0, 0.24]]),
  linkedin('webinar-approvals', 'video-15s', [[0.27, 0.47]]),
  linkedin('accounts-autumn', 'single-image', [[0.66, 0.98]]),
]

const organicSearch: readonly TrafficSource[] = [
  untagged('Organic Search', 'google', 'https://www.google.com/', ['blog', 'blog', 'blog', 'docs', 'home'], [34, 7, 8]),
  untagged('Organic Search', 'google', 'https://www.google.de/', ['blog', 'docs'], [5, 1, 1]),
  untagged('Organic Search', 'bing', 'https://www.bing.com/', ['blog', 'home'], [5, 1, 1]),
  untagged('Organic Search', 'duckduckgo', 'https://duckduckgo.com/', ['blog', 'docs'], [4, 1, 1]),
]

const communities: readonly TrafficSource[] = [
  untagged('Organic Social', 'linkedin', 'https://www.linkedin.com/', ['blog'], [6, 3, 0.5], 0.09),
  untagged('Organic Social', 'facebook', 'https://l.facebook.com/', ['blog', 'home'], [4, 1, 0.3], 0.04),
  untagged('Organic Social', 'reddit', 'https://www.reddit.com/', ['blog', 'home'], [5, 1, 0.4], 0.08),
  untagged('Organic Social', 'x', 'https://t.co/', ['blog'], [4, 1, 0.2], 0.04),
  untagged('Organic Video', 'youtube', 'https://www.youtube.com/', ['home', 'guide'], [5, 3, 1], 0.14),
  {
    label: { channel: 'Organic Video', source: 'youtube', campaign: 'tutorials' },
    arrival: {
      referrer: 'https://www.youtube.com/',
      landings: ['docs'],
      utm: { source: 'youtube', medium: 'video', content: 'description' },
    },
    share: { opens: 3, assists: 3, closes: 1 },
    people: { signupRate: 0.17, consideration: 2, deal: 0.7 },
    runs: [[0.3, 1]],
  },
]

const assistants: readonly TrafficSource[] = [
  {
    ...untagged('AI Assistant', 'chatgpt', 'https://chatgpt.com/', ['docs', 'blog', 'pricing'], [2, 1, 1.5], 0.34),
    runs: [[0.1, 0.5]],
  },
  {
    // Later it names itself, and sends no referrer.
    label: { channel: 'AI Assistant', source: 'chatgpt', campaign: null },
    arrival: { referrer: '', landings: ['docs', 'pricing', 'compare'], utm: { source: 'chatgpt.com' } },
    share: { opens: 7, assists: 2, closes: 4 },
    people: { signupRate: 0.38, consideration: 1, deal: 1.1 },
    runs: [[0.45, 1]],
  },
  {
    ...untagged('AI Assistant', 'perplexity', 'https://www.perplexity.ai/', ['blog', 'compare'], [2, 1, 1], 0.3),
    runs: [[0.3, 1]],
  },
]

const partners: readonly TrafficSource[] = [
  affiliate('bestlists', 'saas-directory', 'https://bestlists.example/', 5),
  affiliate('partnerhub', 'co-marketing', 'https://www.partnerhub.example/', 3),
  {
    ...untagged('Referral', 'launchday.example', 'https://www.launchday.example/', ['home'], [95, 2, 3]),
    people: { signupRate: 0.11, consideration: 0.6, deal: 0.4 },
    runs: [launchWeek],
  },
  untagged('Referral', 'opsjournal.example', 'https://www.opsjournal.example/', ['blog', 'home'], [4, 2, 1], 0.16),
]

const audiences: readonly TrafficSource[] = [
  {
    ...email('newsletter', 'newsletter-{month}', undefined, ['blog', 'blog', 'pricing']),
    share: { opens: 2, assists: 16, closes: 15 },
  },
  {
    ...email('lifecycle', 'webinar-follow-up', 'recording', ['pricing']),
    share: { opens: 0, assists: 5, closes: 9 },
    runs: [[0.29, 0.5]],
  },
  podcast('opstalk', 'podcast-opstalk', [[0.08, 0.4]]),
  podcast('the-handover', 'podcast-handover', [[0.55, 0.9]]),
  {
    label: { channel: 'Display', source: 'adnetwork', campaign: 'retarget-visitors' },
    arrival: {
      referrer: 'https://ads.adnetwork.example/',
      landings: ['home', 'pricing'],
      utm: { source: 'adnetwork', medium: 'display', content: 'banner-300x250' },
    },
    share: { opens: 2, assists: 17, closes: 5 },
    people: { signupRate: 0.06, consideration: 1.5, deal: 0.8 },
    runs: [
      [0.15, 0.5],
      [0.6, 1],
    ],
  },
]

/**
 * Everything that brings people to Acme. Made to disagree: search and social start journeys, mail, display and direct
 * visits carry them on, brand search ends them. So first-touch and last-touch tell different stories.
 */
export const trafficSources: readonly TrafficSource[] = [
  direct,
  ...paidSearch,
  ...paidSocial,
  ...organicSearch,
  ...communities,
  ...assistants,
  ...partners,
  ...audiences,
]

function google(
  campaign: string,
  term: string,
  landings: readonly Landing[],
): Pick<TrafficSource, 'label' | 'arrival'> {
  return {
    label: { channel: 'Paid Search', source: 'google', campaign },
    arrival: {
      referrer: 'https://www.google.com/',
      landings,
      utm: { source: 'google', medium: 'cpc', term },
      clickId: 'gclid',
    },
  }
}

function untagged(
  channel: string,
  source: string,
  referrer: string,
  landings: readonly Landing[],
  [opens, assists, closes]: readonly [number, number, number],
  signupRate = usual.signupRate,
): TrafficSource {
  return {
    label: { channel, source, campaign: null },
    arrival: { referrer, landings },
    share: { opens, assists, closes },
    people: { ...usual, signupRate },
  }
}

function email(
  source: string,
  campaign: string,
  content: string | undefined,
  landings: readonly Landing[],
): TrafficSource {
  return {
    label: { channel: 'Email', source, campaign },
    arrival: { referrer: '', landings, utm: { source, medium: 'email', ...(content && { content }) } },
    share: { opens: 0, assists: 0, closes: 0 },
    people: { signupRate: 0.3, consideration: 1, deal: 1.3 },
  }
}

function linkedin(campaign: string, content: string, runs: TrafficSource['runs']): TrafficSource {
  return {
    label: { channel: 'Paid Social', source: 'linkedin', campaign },
    arrival: {
      referrer: 'https://www.linkedin.com/',
      landings: ['guide', 'blog'],
      utm: { source: 'linkedin', medium: 'paid-social', content },
      clickId: 'li_fat_id',
    },
    share: { opens: 15, assists: 7, closes: 3 },
    people: { signupRate: 0.12, consideration: 2.8, deal: 2.2 },
    ...(runs && { runs }),
  }
}

function affiliate(source: string, campaign: string, referrer: string, opens: number): TrafficSource {
  return {
    label: { channel: 'Affiliates', source, campaign },
    arrival: { referrer, landings: ['home', 'pricing', 'compare'], utm: { source, medium: 'affiliate' } },
    share: { opens, assists: 1, closes: 3 },
    people: { signupRate: 0.24, consideration: 1, deal: 0.6 },
  }
}

function podcast(source: string, campaign: string, runs: TrafficSource['runs']): TrafficSource {
  return {
    label: { channel: 'Audio', source, campaign },
    arrival: { referrer: '', landings: ['home'], utm: { source, medium: 'audio', content: 'host-read' } },
    share: { opens: 6, assists: 1, closes: 1 },
    people: { signupRate: 0.28, consideration: 1.6, deal: 1.5 },
    ...(runs && { runs }),
  }
}
