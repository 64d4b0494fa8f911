import { day, hour, minute, type Period } from './calendar.ts'
import type { Device } from './devices.ts'
import { type Message, toMessage } from './messages.ts'
import type { Person } from './people.ts'
import type { Random } from './random.ts'
import type { Action, Visit } from './visits.ts'

/** One line of a file, and when it was received. */
export interface Delivered {
  readonly receivedAt: number
  readonly line: string
  readonly isDuplicate: boolean
}

/** Where messages go. */
export type Mailbox = (delivered: Delivered) => void

/** Hands over a visit's messages: mostly within seconds and in any order, sometimes days later, a few twice. */
export function deliverVisit(
  random: Random,
  period: Period,
  visit: Visit,
  person: Person | null,
  mailbox: Mailbox,
): void {
  // A closed laptop keeps what it could not send.
  const delay = !visit.device.isBot && random.chance(0.012) ? random.whole(30 * minute, 3 * day) : 0
  for (const action of visit.actions) deliver(random, period, action, visit.device, person, delay, mailbox)
}

export function deliverServerAction(random: Random, period: Period, action: Action, mailbox: Mailbox): void {
  deliver(random, period, action, null, null, random.chance(0.003) ? random.whole(hour, day) : 0, mailbox)
}

function deliver(
  random: Random,
  period: Period,
  action: Action,
  device: Device | null,
  person: Person | null,
  delay: number,
  mailbox: Mailbox,
): void {
  const message = toMessage(random, action, device, person)
  const skew = device?.skew ?? 0
  const latency = random.whole(30, 400)
  const prompt = action.at + latency + random.whole(0, 4000)
  // What would arrive after the year is not part of it.
  const receivedAt = prompt + delay < period.end ? prompt + delay : prompt
  mailbox({ receivedAt, line: stamp(message, action.at, receivedAt, latency, skew), isDuplicate: false })

  if (device?.isBot || !random.chance(0.005)) return
  const again = receivedAt + random.whole(2 * minute, 2 * day)
  if (again < period.end)
    mailbox({ receivedAt: again, line: stamp(message, action.at, again, latency, skew), isDuplicate: true })
}

/**
 * The four times of a message. A device's clock is wrong by `skew` in both times it writes, so the receiver's formula
 * timestamp = original + (received - sent) gives the true time whatever the skew is.
 */
function stamp(message: Message, at: number, receivedAt: number, latency: number, skew: number): string {
  const { timestamp, context, ...rest } = message
  return JSON.stringify({
    ...rest,
    timestamp,
    originalTimestamp: new Date(at - latency + skew).toISOString(),
    sentAt: new Date(receivedAt - latency + skew).toISOString(),
    receivedAt: new Date(receivedAt).toISOString(),
    context,
  })
}
