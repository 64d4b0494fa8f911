import type { PipelineOptions } from '../../src/pipeline/options.ts'
import { byOrder, compareTexts } from './duplicates.ts'
import type { Event, OwnedVisit, Visit } from './types.ts'

/** Gives every visit its person: the owner by the rule of its device, then the person the aliases make of that owner. */
export function withPersons(visits: readonly Visit[], settings: PipelineOptions): OwnedVisit[] {
  const links = aliasLinks(visits, settings)
  return visits.map((visit) => ({ ...visit, personId: personOf(ownerOf(visit, visits, settings), links, visits) }))
}

function ownerOf(visit: Visit, visits: readonly Visit[], settings: PipelineOptions): string {
  if (visit.userId !== null) return visit.userId
  // Without a user there is always a device: an event has one or the other.
  const device = visit.anonymousId!
  const identified = visits.filter((v) => v.anonymousId === device && v.userId !== null)
  const users = new Set(identified.map((v) => v.userId))
  const latest = identified.sort((a, b) => byOrder(a.last, b.last)).at(-1)

  if (latest === undefined) return device
  if (settings.identity.sharedDevices === 'last-user') return latest.userId!
  if (users.size > settings.identity.maxUsersPerDevice) return device

  const next = identified
    .filter((v) => v.last.occurredAt >= visit.first.occurredAt)
    .sort((a, b) => byOrder(a.first, b.first))
    .at(0)
  return (next ?? latest).userId!
}

function isShared(device: string, visits: readonly Visit[], settings: PipelineOptions): boolean {
  const users = visits.filter((v) => v.anonymousId === device && v.userId !== null).map((v) => v.userId)
  return new Set(users).size > settings.identity.maxUsersPerDevice
}

/** What alias messages join. A shared device joins nothing. */
function aliasLinks(visits: readonly Visit[], settings: PipelineOptions): [string, string][] {
  return visits
    .flatMap((v) => v.events)
    .filter((e) => e.type === 'alias' && e.previousId !== null && e.userId !== null && e.previousId !== e.userId)
    .map((e): [string, string] => [e.previousId!, e.userId!])
    .filter((link) => !link.some((id) => isShared(id, visits, settings)))
}

/** The member of the owner's component that was seen first as a user id; when none was, the smallest by bytes. */
function personOf(owner: string, links: [string, string][], visits: readonly Visit[]): string {
  const members = componentOf(owner, links)
  const firstEvents = visits
    .filter((v) => v.userId !== null && members.includes(v.userId))
    .map((v) => v.first)
    .sort(byOrder)
  return firstEvents[0]?.userId ?? members.sort(compareTexts)[0]!
}

function componentOf(id: string, links: [string, string][]): string[] {
  const members = [id]
  for (const member of members) {
    // `members` grows while it is walked, until nothing new is linked.
    for (const link of links) {
      const other = link[0] === member ? link[1] : link[1] === member ? link[0] : member
      if (!members.includes(other)) members.push(other)
    }
  }
  return members
}

export interface KnownPair {
  anonymousId: string
  userId: string
  first: Event
  last: Event
}

/** Devices and users that were seen together. */
export function knownPairs(visits: readonly Visit[]): KnownPair[] {
  const pairs: KnownPair[] = []
  for (const { anonymousId, userId } of visits) {
    if (anonymousId === null || userId === null) continue
    if (pairs.some((p) => p.anonymousId === anonymousId && p.userId === userId)) continue
    const events = visits
      .filter((v) => v.anonymousId === anonymousId && v.userId === userId)
      .flatMap((v) => v.events)
      .sort(byOrder)
    pairs.push({ anonymousId, userId, first: events[0]!, last: events.at(-1)! })
  }
  return pairs
}

export interface Alias {
  id: string
  personId: string
  isAnonymousId: boolean
  isUserId: boolean
  firstSeenAt: number
  lastSeenAt: number
  isLatest: boolean
}

/** Which persons own visits of an id, be it as anonymous id or as user id. */
export function aliasesOf(visits: readonly OwnedVisit[]): Alias[] {
  const ids = new Set(visits.flatMap((v) => [v.anonymousId, v.userId]).filter((id) => id !== null))
  return [...ids].flatMap((id) => {
    const ofId = visits.filter((v) => v.anonymousId === id || v.userId === id).sort((a, b) => byOrder(a.last, b.last))
    const persons = [...new Set(ofId.map((v) => v.personId))]
    return persons.map((personId) => {
      const owned = ofId.filter((v) => v.personId === personId)
      return {
        id,
        personId,
        isAnonymousId: owned.some((v) => v.anonymousId === id),
        isUserId: owned.some((v) => v.userId === id),
        firstSeenAt: Math.min(...owned.map((v) => v.first.occurredAt)),
        lastSeenAt: Math.max(...owned.map((v) => v.last.occurredAt)),
        isLatest: ofId.at(-1)!.personId === personId,
      }
    })
  })
}
