import { day, hour, second } from './calendar.ts'
import type { Random } from './random.ts'

/** A browser or an installed app: one anonymous id. */
export interface Device {
  readonly anonymousId: string
  readonly userAgent: string
  readonly library: { readonly name: string; readonly version: string }
  /** How far its clock is ahead of the true time, in milliseconds. */
  readonly skew: number
  /** Crawlers are messages that the pipeline must leave out. */
  readonly isBot: boolean
}

export type DeviceKind = 'laptop' | 'phone' | 'app'

export function makeDevice(random: Random, kind: DeviceKind): Device {
  const mobile = random.pick(mobileLibraries)
  return {
    anonymousId: random.uuid(),
    userAgent: kind === 'app' ? mobile.userAgent : random.pick(kind === 'phone' ? phones : laptops),
    library: kind === 'app' ? mobile.library : browserLibrary,
    skew: clockSkew(random),
    isBot: false,
  }
}

/** A crawler that runs scripts and keeps no cookies: a new id every time. */
export function makeBot(random: Random): Device {
  return { anonymousId: random.uuid(), userAgent: random.pick(bots), library: browserLibrary, skew: 0, isBot: true }
}

const browserLibrary = { name: 'analytics.js', version: '2.11.1' }

const mobileLibraries = [
  { library: { name: 'analytics-ios', version: '4.1.8' }, userAgent: 'Acme/3.2 CFNetwork/1490.0.4 Darwin/23.2.0' },
  {
    library: { name: 'analytics-android', version: '4.11.3' },
    userAgent: 'Dalvik/2.1.0 (Linux; U; Android 14; Pixel 8)',
  },
] as const

const laptops = [
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/132.0.0.0 Safari/537.36',
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/133.0.0.0 Safari/537.36',
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/133.0.0.0 Safari/537.36 Edg/133.0.0.0',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.2 Safari/605.1.15',
  'Mozilla/5.0 (X11; Linux x86_64; rv:135.0) Gecko/20100101 Firefox/135.0',
]

const phones = [
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_2 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.2 Mobile/15E148 Safari/604.1',
  'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/132.0.0.0 Mobile Safari/537.36',
]

const bots = [
  'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)',
  'Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)',
  'Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)',
  'Mozilla/5.0 (compatible; SemrushBot/7~bl; +http://www.semrush.com/bot.html)',
  'Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)',
  'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/131.0.0.0 Safari/537.36',
]

/** Most clocks are right to the second; a few are hours or months off. */
function clockSkew(random: Random): number {
  if (!random.chance(0.03)) return random.whole(-2 * second, 2 * second)
  return Math.round(random.pick([-400 * day, -7 * hour, 13 * hour, 3 * day]) + random.between(-hour, hour))
}
