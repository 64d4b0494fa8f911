import type { Device } from './devices.ts'
import type { Person } from './people.ts'
import type { Random } from './random.ts'
import type { Action } from './visits.ts'

/** Anything JSON can say. */
type Json = string | number | boolean | null | undefined | { readonly [name: string]: Json } | readonly Json[]
export type Message = Readonly<Record<string, Json>>

/** An action as a tracking library words it, without the times of its delivery. `device` is null for a server. */
export function toMessage(random: Random, action: Action, device: Device | null, person: Person | null): Message {
  return {
    type: action.type,
    messageId: `${device === null ? 'node' : 'ajs'}-next-${random.hex(24)}`,
    anonymousId: device?.anonymousId ?? null,
    userId: action.userId,
    timestamp: new Date(action.at).toISOString(),
    context: device === null ? serverContext : deviceContext(action, device, person),
    ...body(action),
  }
}

const serverContext = { library: { name: 'analytics-node', version: '2.2.1' } }

function body(action: Action): Message {
  switch (action.type) {
    case 'page':
      return { name: action.page.title, properties: { ...pageOf(action), author: action.page.author } }
    case 'screen':
      return { name: action.name, properties: {} }
    case 'track':
      return { event: action.event, properties: action.properties }
    case 'identify':
      return { traits: action.traits }
    case 'group':
      return { groupId: action.groupId, traits: action.traits }
    case 'alias':
      return { previousId: action.previousId }
  }
}

function deviceContext(action: Action, device: Device, person: Person | null): Json {
  return {
    library: device.library,
    userAgent: device.userAgent,
    locale: person?.region.locale ?? 'en-US',
    timezone: person?.region.timezone ?? 'UTC',
    ...(action.type === 'page' && { page: pageOf(action), campaign: campaignOf(action.url) }),
  }
}

function pageOf(action: Action & { type: 'page' }): Message {
  const { pathname, search } = new URL(action.url)
  return { url: action.url, path: pathname, search, referrer: action.referrer, title: action.page.title }
}

/** As analytics.js fills it: the utm parameters of the address, `utm_campaign` under `name`. */
function campaignOf(url: string): Json {
  const parameters = [...new URL(url).searchParams].filter(([name]) => name.startsWith('utm_'))
  if (parameters.length === 0) return undefined
  return Object.fromEntries(
    parameters.map(([name, value]) => [name === 'utm_campaign' ? 'name' : name.slice(4), value]),
  )
}
