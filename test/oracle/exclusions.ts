import type { PipelineOptions } from '../../src/pipeline/options.ts'
import { normaliseName } from './names.ts'
import type { Event } from './types.ts'
import { isLike, isWithin } from './url.ts'

/** Why an event takes no part in anything, or null; the first reason in this order. */
export function exclusion(
  event: Event,
  userAgent: string | null,
  settings: PipelineOptions,
  isBot: (agent: string) => boolean,
): Event['excludedReason'] {
  const { bots, userIds, hosts, paths, events } = settings.exclude
  if (bots && userAgent !== null && isBot(userAgent)) return 'BOT'
  if (event.userId !== null && userIds.includes(event.userId)) return 'USER'
  if (event.pageHost !== null && hosts.some((host) => isWithin(event.pageHost!, host))) return 'HOST'
  if (event.pagePath !== null && paths.some((pattern) => isLike(event.pagePath!, pattern))) return 'PATH'
  if (event.eventName !== null && events.some((name) => normaliseName(name) === event.eventName)) return 'EVENT'
  return null
}
