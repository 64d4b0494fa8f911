import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { isbot } from 'isbot'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type DemoSummary, type GroundTruth, writeDemo } from '../../src/demo/generate.ts'
import { demoSettings } from '../../src/demo/settings.ts'

interface Message {
  type: string
  messageId: string
  anonymousId: string | null
  userId: string | null
  timestamp: string
  originalTimestamp: string
  sentAt: string
  receivedAt: string
  event?: string
  properties?: { revenue?: string | number; currency?: string }
  context: { library: { name: string }; userAgent?: string; page?: { url: string; referrer: string } }
}

let root: string
let summary: DemoSummary
let truth: GroundTruth
/** Lines by file, in the order of the files. */
const files = new Map<string, string[]>()

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'demo-'))
  summary = await writeDemo(join(root, 'one'))
  truth = JSON.parse(await readFile(summary.truthFile, 'utf8'))
  for (const name of summary.files) {
    const text = gunzipSync(await readFile(join(summary.eventsFolder, name))).toString('utf8')
    files.set(name, text.split('\n').slice(0, -1))
  }
}, 60_000)

afterAll(() => rm(root, { recursive: true, force: true }))

describe('writing', () => {
  test('the same options give the same bytes', async () => {
    await writeDemo(join(root, 'two'))
    expect(await fingerprints(join(root, 'two'))).toEqual(await fingerprints(join(root, 'one')))
    await writeDemo(join(root, 'three'), { people: 50, seed: 2 })
    await writeDemo(join(root, 'four'), { people: 50, seed: 3 })
    expect(await fingerprints(join(root, 'three'))).not.toEqual(await fingerprints(join(root, 'four')))
  })

  test('a second call leaves the files alone, and repairs a damaged one', async () => {
    const folder = join(root, 'again')
    const options = { people: 60 }
    const first = await writeDemo(folder, options)
    const before = await times(folder)
    expect((await writeDemo(folder, options)).filesWritten).toBe(0)
    expect(await times(folder)).toEqual(before)

    await writeFile(join(first.eventsFolder, first.files[3]!), 'torn')
    expect((await writeDemo(folder, options)).filesWritten).toBe(1)
  })

  test('the events folder holds events only, and nothing of an earlier year', async () => {
    const folder = join(root, 'moved')
    await writeDemo(folder, { people: 60, end: '2024-06-30' })
    const moved = await writeDemo(folder, { people: 60 })
    expect((await readdir(moved.eventsFolder)).sort()).toEqual(moved.files)
    expect((await readdir(folder)).sort()).toEqual(['events', 'ground-truth.json', 'product'])
    expect((await readdir(summary.eventsFolder)).sort()).toEqual(summary.files)
  })

  test('refuses what is no day and no number of people', async () => {
    await expect(writeDemo(join(root, 'no'), { end: 'yesterday' })).rejects.toThrow('YYYY-MM-DD')
    await expect(writeDemo(join(root, 'no'), { people: 0 })).rejects.toThrow('above 0')
  })
})

describe('volume', () => {
  test('a year with enough in it', () => {
    expect(summary.files).toHaveLength(12)
    expect(summary.files[0]).toBe('2025-01.jsonl.gz')
    expect(truth.totals.distinctEvents).toBeGreaterThanOrEqual(60_000)
    expect(truth.totals.distinctEvents).toBeLessThanOrEqual(80_000)
    expect(truth.totals.signups).toBeGreaterThanOrEqual(600)
    expect(truth.totals.signups).toBeLessThanOrEqual(900)
    expect(truth.totals.botEvents / truth.totals.distinctEvents).toBeGreaterThan(0.02)
    expect(truth.totals.duplicates / truth.totals.distinctEvents).toBeGreaterThan(0.004)
  })

  test('models disagree: search opens journeys, brand search and mail close them', () => {
    const count = (which: 'firstTouch' | 'lastTouch', channel: string) =>
      truth.people.filter((person) => person[which]?.channel === channel).length
    expect(count('firstTouch', 'Organic Search')).toBeGreaterThan(1.5 * count('lastTouch', 'Organic Search'))
    expect(count('lastTouch', 'Email')).toBeGreaterThan(2 * count('firstTouch', 'Email'))
    expect(new Set(truth.people.map((person) => person.firstTouch?.channel)).size).toBeGreaterThanOrEqual(12)
  })

  test('few people are uncertain', () => {
    const uncertain = truth.people.filter((person) => !person.isCertain).length
    expect(uncertain).toBeGreaterThan(0)
    expect(uncertain / truth.people.length).toBeLessThan(0.03)
  })
})

describe('messages', () => {
  test('files hold what the truth counts', () => {
    const { messages, unreadable } = parseAll()
    const isFuture = (m: Message) => m.timestamp.startsWith('3000')
    const isNobody = (m: Message) => m.messageId.startsWith('demo-nobody')
    const usable = messages.filter((m) => !isFuture(m) && !isNobody(m))
    const distinct = new Map(usable.map((m) => [m.messageId, m]))
    const named = (event: string) => [...distinct.values()].filter((m) => m.event === event)
    const revenue = (event: string, currency: string) =>
      named(event)
        .filter((m) => m.properties?.currency?.toUpperCase() === currency)
        .reduce((sum, m) => sum + Math.round(Number(m.properties?.revenue) * 100), 0)

    expect({
      messages: messages.length + unreadable,
      distinctEvents: distinct.size,
      duplicates: usable.length - distinct.size,
      quarantined: {
        UNREADABLE: unreadable,
        NO_ID: messages.filter(isNobody).length,
        FUTURE: messages.filter(isFuture).length,
      },
      botEvents: [...distinct.values()].filter((m) => isbot(m.context.userAgent)).length,
      people: truth.totals.people,
      signups: truth.people.length,
      orders: named('Order Completed').length,
      revenue: { USD: revenue('Order Completed', 'USD'), EUR: revenue('Order Completed', 'EUR') },
      renewals: named('Subscription Renewed').length,
      renewalRevenue: { USD: revenue('Subscription Renewed', 'USD'), EUR: revenue('Subscription Renewed', 'EUR') },
    }).toEqual(truth.totals)
    expect(summary.totals).toEqual(truth.totals)

    const known = new Set(truth.people.flatMap((person) => person.userIds))
    const signedUp = new Set(named('Signed Up').map((m) => m.userId))
    expect(signedUp.size).toBe(truth.people.length)
    expect([...signedUp].every((id) => id !== null && known.has(id))).toBe(true)
  })

  test('each lies in the month it was received, in that order', () => {
    for (const [name, lines] of files) {
      const received = lines.flatMap((line) => parse(line)?.receivedAt ?? [])
      expect(received.every((at) => at.slice(0, 7) === name.slice(0, 7))).toBe(true)
      expect(received).toEqual([...received].sort())
    }
  })

  test('each has the shape of its type, and times that agree', () => {
    const wrong: string[] = []
    for (const m of parseAll().messages) {
      if (m.messageId.startsWith('demo-')) continue
      const corrected = Date.parse(m.originalTimestamp) + Date.parse(m.receivedAt) - Date.parse(m.sentAt)
      const isServer = m.context.library.name === 'analytics-node'
      const isRight =
        ['page', 'screen', 'track', 'identify', 'alias', 'group'].includes(m.type) &&
        corrected === Date.parse(m.timestamp) &&
        Date.parse(m.timestamp) < Date.parse(m.receivedAt) &&
        (m.type === 'page') === (m.context.page !== undefined) &&
        (m.type === 'track') === (m.event !== undefined) &&
        (isServer ? m.anonymousId === null && m.userId !== null : m.anonymousId !== null)
      if (!isRight) wrong.push(JSON.stringify(m))
    }
    expect(wrong).toEqual([])
  })

  test('some come late, and some clocks are wrong', () => {
    const usable = parseAll().messages.filter((m) => !m.messageId.startsWith('demo-'))
    const minutes = (from: string, to: string) => (Date.parse(to) - Date.parse(from)) / 60_000
    const late = usable.filter((m) => minutes(m.timestamp, m.receivedAt) > 30).length
    const skewed = usable.filter((m) => Math.abs(minutes(m.originalTimestamp, m.timestamp)) > 60).length
    expect(late / usable.length).toBeGreaterThan(0.005)
    expect(late / usable.length).toBeLessThan(0.03)
    expect(skewed / usable.length).toBeGreaterThan(0.01)
  })

  test('nobody in it could be real', () => {
    const text = [...files.values()].flat().join('\n')
    const addresses = text.match(/[\w.+-]+@[\w.-]+/g) ?? []
    expect(addresses.length).toBeGreaterThan(0)
    expect(addresses.filter((address) => !/@example\.(com|org)$/.test(address))).toEqual([])
    expect(text).not.toMatch(/"ip"/)
    const hosts = new Set(parseAll().messages.flatMap((m) => (m.context.page ? new URL(m.context.page.url).host : [])))
    expect([...hosts].sort()).toEqual(['app.acme.example', 'www.acme.example'])
    expect([...hosts].every((host) => demoSettings.sites.some((site) => host.endsWith(`.${site}`)))).toBe(true)
  })
})

describe('companies', () => {
  const seats = async () => {
    const text = await readFile(join(summary.productFolder, 'company_people.csv'), 'utf8')
    const lines = text.trim().split('\n').slice(1)
    return Map.groupBy(
      lines.map((line) => line.split(',')),
      ([company]) => company,
    )
  }

  test('most are small, some are large, and each has few administrators', async () => {
    const companies = [...(await seats()).values()]
    const sizes = companies.map((people) => people.length)
    expect(sizes.filter((size) => size === 1).length / sizes.length).toBeGreaterThan(0.5)
    expect(sizes.filter((size) => size >= 3).length / sizes.length).toBeGreaterThan(0.15)
    expect(Math.max(...sizes)).toBe(truth.companies.largest)
    expect(truth.companies.largest).toBeGreaterThan(10)
    expect(truth.companies.largest).toBeLessThan(25)
    const admins = companies.map((people) => people.filter(([, , role]) => role === 'admin').length)
    expect(Math.min(...admins)).toBe(1)
    expect(Math.max(...admins)).toBeLessThanOrEqual(3)
    expect(truth.companies.admins / truth.companies.members).toBeLessThan(0.6)
  })

  test('in some only members are active, and in some an administrator is every weekday', () => {
    const months = Object.values(truth.companies.months)
    expect(months).toHaveLength(12)
    expect(months.every((m) => m.adminActive < m.active)).toBe(true)
    const last = months.at(-1)!
    expect(last.adminActive / last.active).toBeLessThan(0.9)
    expect(last.adminEveryWeekday.length).toBeGreaterThanOrEqual(5)
    // One of them is new, one has been at it for long, and one has ended.
    const march = months[2]!.adminEveryWeekday
    const ever = new Set(months.flatMap((m) => m.adminEveryWeekday))
    expect(last.adminEveryWeekday.some((id) => march.includes(id))).toBe(true)
    expect(last.adminEveryWeekday.some((id) => !march.includes(id))).toBe(true)
    expect(ever.size).toBeGreaterThan(last.adminEveryWeekday.length)
  })

  test('the big button is pressed in a part of them, by people and by servers', () => {
    const pressed = parseAll().messages.filter((m) => m.event === 'Pressed Big Button')
    const distinct = [...new Map(pressed.map((m) => [m.messageId, m])).values()]
    const { presses, byServer, byCompany } = truth.companies.bigButton
    expect(distinct).toHaveLength(presses)
    expect(distinct.filter((m) => m.anonymousId === null)).toHaveLength(byServer)
    expect(byServer).toBeGreaterThan(50)
    expect(presses).toBeGreaterThan(3 * byServer)
    const share = Object.keys(byCompany).length / truth.companies.companies
    expect(share).toBeGreaterThan(0.1)
    expect(share).toBeLessThan(0.4)
  })

  test('nobody with an account was there before they had it', async () => {
    const joinedAt = new Map<string, string>()
    for (const [, user, , at] of [...(await seats()).values()].flat())
      joinedAt.set(user!, [joinedAt.get(user!) ?? at!, at!].sort()[0]!)
    const early = parseAll().messages.filter((m) => m.userId && m.timestamp < (joinedAt.get(m.userId) ?? ''))
    // Whoever signs up is known by name some moments before; shared devices and clocks change nothing.
    expect(early.filter((m) => Date.parse(joinedAt.get(m.userId!)!) - Date.parse(m.timestamp) > 60_000)).toEqual([])
  })
})

describe('truth', () => {
  test('touches come before the signup, the first before the last', () => {
    for (const { firstTouch, lastTouch, signedUpAt, sessionsBeforeSignup, devices } of truth.people) {
      expect(firstTouch === null).toBe(lastTouch === null)
      if (firstTouch === null || lastTouch === null) expect(sessionsBeforeSignup).toBe(0)
      else expect(firstTouch.at <= lastTouch.at && lastTouch.at <= signedUpAt && devices.length > 0).toBe(true)
    }
  })

  test('every touch is a message of one of the person’s devices', () => {
    const seen = new Set(parseAll().messages.map((m) => `${m.anonymousId} ${m.timestamp}`))
    for (const { firstTouch, lastTouch, devices } of truth.people) {
      for (const touch of [firstTouch, lastTouch]) {
        if (touch !== null) expect(devices.some((device) => seen.has(`${device} ${touch.at}`))).toBe(true)
      }
    }
  })

  test('whoever is certain logged in on every device they used', () => {
    const users = new Map<string, Set<string>>()
    for (const m of parseAll().messages) {
      if (m.anonymousId === null || !m.userId) continue
      users.set(m.anonymousId, (users.get(m.anonymousId) ?? new Set()).add(m.userId))
    }
    const unknown = truth.people.filter(
      (person) => !person.devices.every((device) => person.userIds.some((id) => users.get(device)?.has(id))),
    )
    expect(unknown).toEqual([])
    expect(Math.max(...[...users.values()].map((ids) => ids.size))).toBeGreaterThan(10)
  })
})

function parse(line: string): Message | null {
  try {
    return JSON.parse(line)
  } catch {
    return null
  }
}

function parseAll(): { messages: Message[]; unreadable: number } {
  const parsed = [...files.values()].flat().map(parse)
  const messages = parsed.filter((message) => message !== null)
  return { messages, unreadable: parsed.length - messages.length }
}

async function fingerprints(folder: string): Promise<Record<string, string>> {
  const entries = await everyFile(folder)
  const hashed = entries.map(async (path) => {
    const hash = createHash('sha256').update(await readFile(join(folder, path)))
    return [path, hash.digest('hex')] as const
  })
  return Object.fromEntries(await Promise.all(hashed))
}

async function times(folder: string): Promise<Record<string, number>> {
  const entries = await everyFile(folder)
  const read = entries.map(async (path) => [path, (await stat(join(folder, path))).mtimeMs] as const)
  return Object.fromEntries(await Promise.all(read))
}

async function everyFile(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length))
    .sort()
}
