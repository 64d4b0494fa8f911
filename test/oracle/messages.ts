/** From the choices of a random step to the JSON line it stands for. Vocabularies are small, so that things collide. */

/** Two hours before a month ends. */
const START = Date.UTC(2025, 0, 31, 22)
/** Half of the longest gap of the settings. */
const SLOT_MINUTES = 15

export const DEVICES = ['d1', 'd2', 'd3', 'u1', ' d1 ', null, 'null', ' 0 '] as const
export const USERS = [null, 'u1', 'u2', 'u3', 'u4', 'd2', ' u1', 'Undefined', 'Nobody'] as const
export const PREVIOUS_IDS = ['u1', 'u2', 'u3', 'd1', 'd2', 'd3', 'old', null, 'test'] as const
export const DAYS = [0, 1, 30, 90, -31] as const
export const NUDGES = [0, 1, -1] as const

export const KINDS = ['page', 'screen', 'track', 'identify', 'alias', 'group', 'signup', 'order'] as const

/** URL and referrer of a page. Neighbours often share a referrer host, as in a single-page app. */
export const PAGES = [
  ['https://acme.test/', ''],
  ['https://www.acme.test/pricing', 'https://www.acme.test/'],
  ['https://www.acme.test/', 'https://www.google.com/'],
  ['https://www.acme.test/docs', 'https://www.google.com/search'],
  ['https://www.acme.test/blog/one', 'https://partner.example/list'],
  ['https://www.acme.test/blog/two?utm_source=newsletter&utm_medium=email', ''],
  ['https://www.acme.test/?utm_source=google&utm_medium=cpc&utm_campaign=brand', 'https://www.google.com/'],
  ['https://www.acme.test/?utm_source=google&utm_medium=cpc&utm_campaign=other', 'https://www.google.com/'],
  ['https://www.acme.test/?gclid=XYZ', 'https://www.google.com/'],
  ['https://www.acme.test/?fbclid=a%20b', 'https://l.facebook.com/'],
  ['https://www.acme.test/?utm_source=chatgpt.com', ''],
  ['https://www.acme.test/?utm_source=(direct)&utm_medium=(none)', ''],
  ['https://www.acme.test/?UTM_Source=News+Letter&utm_campaign=spring%20sale&utm_campaign=second', ''],
  ['https://www.acme.test/?utm_content=blue&utm_term=%zz', 'https://partner.example/'],
  ['https://www.acme.test/?mc_eid=secret&a=1#top', 'https://mail.google.com/'],
  ['https://Acme.test:8080/thanks', 'https://www.paypal.com/checkout'],
  ['https://www.acme.test/internal/report', ''],
  ['https://staging.acme.test/', 'https://partner.example/'],
  ['https://shop.example/cart?msclkid=1', 'https://shop.example/'],
  ['', 'https://t.co/abc'],
] as const

/** A delivered value, as JSON text. */
export const VALUES = [
  '"49.90"',
  '7',
  '12.345',
  '-3.335',
  '" 0.005 "',
  '1e3',
  '5.684341886080802e-14',
  '0.0000001',
  '100000000000000000000',
  '"free"',
  '""',
  'null',
  'true',
] as const
export const CURRENCIES = [undefined, 'USD', 'jpy', 'KWD', ' eur ', 'ZZZ', ''] as const
export const CAMPAIGNS = [undefined, { source: 'LinkedIn', medium: 'CPC', name: 'q1' }, { name: ' only ' }] as const

/** How a message says when it happened. */
export const CLOCKS = ['timestamp', 'offset', 'space', 'skewed', 'received', 'unreadable', 'nanoseconds'] as const

/** What is said of one event. */
export interface Step {
  kind: (typeof KINDS)[number]
  device: (typeof DEVICES)[number]
  user: (typeof USERS)[number]
  previousId: (typeof PREVIOUS_IDS)[number]
  /** Quarter hours since the start. */
  slot: number
  day: (typeof DAYS)[number]
  nudge: (typeof NUDGES)[number]
  page: (typeof PAGES)[number]
  campaign: (typeof CAMPAIGNS)[number]
  value: (typeof VALUES)[number]
  currency: (typeof CURRENCIES)[number]
  clock: (typeof CLOCKS)[number]
  library: 'analytics.js' | 'analytics-node'
  isBot: boolean
  hasMessageId: boolean
}

/** When a step happened, in microseconds. */
export function occurredAtOf(step: Step): bigint {
  return BigInt(START + step.slot * SLOT_MINUTES * 60_000 + step.day * 86_400_000) * 1000n + BigInt(step.nudge)
}

/** The line of a step. Copies of a message have one number and differ in `receivedAt`. */
export function lineOf(step: Step, number: number, receivedAt: bigint): string {
  const [url, referrer] = step.page

  const message = {
    ...(step.hasMessageId ? { messageId: `m${number}` } : {}),
    anonymousId: step.device,
    userId: step.user,
    ...clockFields(step.clock, occurredAtOf(step), receivedAt),
    context: {
      library: { name: step.library },
      userAgent: step.isBot
        ? 'Googlebot/2.1 (+http://www.google.com/bot.html)'
        : 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0)',
      campaign: step.campaign,
      page: { url, referrer },
    },
    ...kindFields(step),
  }
  return JSON.stringify(message).replace('"@value"', step.value)
}

function kindFields(step: Step): Record<string, unknown> {
  switch (step.kind) {
    case 'alias':
      return { type: 'alias', previousId: step.previousId }
    case 'group':
      return { type: 'group', groupId: 'g1' }
    case 'signup':
      return { type: 'track', event: 'Signed Up', properties: {} }
    case 'order':
      return {
        type: 'track',
        event: 'order_completed',
        event_text: 'Order  Completed!',
        properties: { revenue: '@value', currency: step.currency },
      }
    case 'track':
      return { type: 'Track', event: 'Heartbeat', properties: {} }
    case 'screen':
      return { type: 'screen', name: 'Home' }
    default:
      return { type: step.kind }
  }
}

function clockFields(clock: Step['clock'], occurredAt: bigint, receivedAt: bigint): Record<string, string> {
  const received = { receivedAt: isoText(receivedAt) }
  switch (clock) {
    case 'offset':
      return { ...received, timestamp: isoText(occurredAt + 7_200_000_000n).replace('Z', '+02:00') }
    case 'space':
      return { ...received, timestamp: isoText(occurredAt).replace('T', ' ').replace('Z', '') }
    case 'nanoseconds':
      return {
        ...received,
        timestamp: isoText(occurredAt)
          .replace(/(?<=:\d\d)Z/, '.000000Z')
          .replace('Z', '999Z'),
      }
    case 'skewed': {
      // The device is a day fast; it sent when it was received.
      const day = 86_400_000_000n
      return { ...received, originalTimestamp: isoText(occurredAt + day), sentAt: isoText(receivedAt + day) }
    }
    case 'received':
      return received
    case 'unreadable':
      return { ...received, timestamp: 'yesterday', originalTimestamp: isoText(occurredAt) }
    default:
      return { ...received, timestamp: isoText(occurredAt) }
  }
}

/** ISO text of microseconds: without a fraction, or with six digits. */
function isoText(microseconds: bigint): string {
  const second = new Date(Number(microseconds / 1000n)).toISOString().slice(0, 19)
  const rest = microseconds % 1_000_000n
  return rest === 0n ? `${second}Z` : `${second}.${String(rest).padStart(6, '0')}Z`
}

/** Lines that cannot be used, and some that are nothing. */
export const UNUSABLE_LINES = [
  '{"type":"page","messageId":"broken","anonymousId":"d1"',
  '["page"]',
  '   ',
  '{"type":"ping","messageId":"x1","anonymousId":"d1","timestamp":"2025-01-31T23:00:00Z"}',
  '{"type":"page","messageId":"x2","anonymousId":true,"timestamp":"2025-01-31T23:00:00Z"}',
  '{"type":"page","messageId":"x3","anonymousId":"d1","context":{"page":"/"},"timestamp":"2025-01-31T23:00:00Z"}',
  '{"type":"page","messageId":"x4","anonymousId":" ","userId":"NULL","timestamp":"2025-01-31T23:00:00Z"}',
  '{"type":"page","messageId":"x5","anonymousId":"d1","timestamp":"31 January"}',
  '{"type":"page","messageId":"x6","anonymousId":"d1","timestamp":"3000-01-01T00:00:00Z","receivedAt":"2025-01-31T23:00:00Z"}',
  '{"type":"page","messageId":"x7","anonymousId":"d1","receivedAt":"3000-01-01T00:00:00Z"}',
  '{"type":"page","messageId":"x8","anonymousId":"d1","timestamp":"2004-12-31T23:59:59.999999Z"}',
] as const
