import { day, hour, type Period } from './calendar.ts'
import type { Mailbox } from './delivery.ts'

/** Lines that no pipeline can use, by the reason it should give. */
export const brokenLines = { UNREADABLE: 3, NO_ID: 2, FUTURE: 1 } as const

/** Hands over the broken lines: a proxy cut some short, a script forgot the ids, a device lives in the year 3000. */
export function deliverBroken(period: Period, mailbox: Mailbox): void {
  const at = (days: number) => period.start + days * day + 11 * hour
  const send = (receivedAt: number, line: string) => mailbox({ receivedAt, line, isDuplicate: false })

  send(at(40), '{"type":"page","messageId":"demo-cut-1","anonymousId":"demo-cut","timest')
  send(at(41), '<html><body>502 Bad Gateway</body></html>')
  send(at(200), '{"type":"track","messageId":"demo-cut-2","event":"Video Pl')
  send(at(90), message({ messageId: 'demo-nobody-1', anonymousId: null, userId: '' }, at(90), at(90)))
  send(at(91), message({ messageId: 'demo-nobody-2', anonymousId: 'undefined', userId: 'null' }, at(91), at(91)))
  send(at(150), message({ messageId: 'demo-future-1', anonymousId: 'demo-year-3000' }, Date.UTC(3000, 0, 1), at(150)))
}

function message(ids: Record<string, string | null>, at: number, receivedAt: number): string {
  return JSON.stringify({
    type: 'track',
    ...ids,
    event: 'Video Played',
    properties: {},
    timestamp: new Date(at).toISOString(),
    receivedAt: new Date(receivedAt).toISOString(),
    context: { library: { name: 'analytics.js', version: '2.11.1' } },
  })
}
