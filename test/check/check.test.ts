import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { beforeEach, describe, expect, it } from 'vitest'
import { checkInstallation } from '../../src/check/check.ts'
import type { CheckReport } from '../../src/check/report.ts'
import type { ConfigInput } from '../../src/config/options.ts'
import { checkConfig } from '../../src/config/read.ts'
import { runPipeline } from '../../src/pipeline/run.ts'
import { openDuckdb } from '../../src/warehouses/duckdb.ts'
import { sql } from '../../src/warehouses/sql.ts'
import { temporaryFolder } from '../cli/folder.ts'

let folder: string
beforeEach(async () => {
  folder = await temporaryFolder()
  await mkdir(join(folder, 'events'))
})

type Message = Record<string, unknown>
let id = 0
const message = (more: Message): Message => ({
  messageId: `m${++id}`,
  anonymousId: `a${id % 7}`,
  userId: 'u1',
  timestamp: '2026-03-01T00:00:00Z',
  ...more,
})
const page = (url: string, referrer = '') => message({ type: 'page', context: { page: { url, referrer } } })
const track = (event: string, properties: Message = {}) => message({ type: 'track', event, properties })
const many = (n: number, make: () => Message) => Array.from({ length: n }, make)
const deliver = (messages: readonly Message[], file = 'events.jsonl') =>
  writeFile(join(folder, 'events', file), messages.map((m) => `${JSON.stringify(m)}\n`).join(''))

const configOf = (more: Partial<ConfigInput> = {}) =>
  checkConfig(
    { sources: [{ kind: 'files', path: './events' }], sites: ['acme.com'], ...more },
    join(folder, 'c.json'),
    {},
  )

async function check(more: Partial<ConfigInput> = {}): Promise<CheckReport> {
  const { pipeline: options, configVersion } = configOf(more)
  return checkInstallation({ options, configVersion, kind: 'duckdb', place: 'w', warehouse: null })
}
const told = ({ findings }: CheckReport) =>
  findings.map(({ severity, subject, message: m, fix }) => `${severity} ${subject}: ${m} ${fix}`)

const fine = () => [...many(20, () => page('https://www.acme.com/')), ...many(5, () => track('Signed Up'))]

it('has nothing to say of an installation that fits', async () => {
  await deliver(fine())
  expect(await check()).toMatchObject({
    verdict: 'ok',
    findings: [],
    events: { of: 'sample', count: 25, pageHosts: [{ value: 'www.acme.com', count: 20 }] },
    sources: [{ name: 'events', read: 25, refused: {}, facts: expect.stringContaining('1 file') }],
  })
})

describe('sources', () => {
  it('that are not there are an error', async () => {
    const report = await check({ sources: [{ kind: 'files', path: './evnts' }] })
    expect(report.verdict).toBe('errors')
    expect(told(report)).toEqual([
      expect.stringContaining('error sources[0]: Source evnts: expected a file, folder or glob'),
    ])
  })

  it('without event files say what else is there', async () => {
    await writeFile(join(folder, 'events', 'a.xml'), '<a/>')
    expect(told(await check())).toEqual([
      expect.stringMatching(/^warning sources\[0\]: .*but got none\. There are others: `\.xml` \(1\)/),
    ])
  })

  it('with tables in files are told, and not taken for all there is', async () => {
    await deliver(fine())
    await writeFile(join(folder, 'events', 'pages.csv'), 'id,anonymous_id\n1,a\n')
    const report = await check({ conversions: { signup: { event: 'Singed Up' } } })
    expect(report.sources).toMatchObject([{ facts: expect.stringContaining('2 files'), read: 25 }])
    expect(told(report)).toEqual([expect.stringContaining('in a sample of 25 usable messages')])
  })

  it('of which nothing can be used are an error, with reason, place and advice', async () => {
    await writeFile(join(folder, 'events', 'list.json'), JSON.stringify([page('https://acme.com/')]))
    const report = await check()
    expect(report).toMatchObject({ verdict: 'errors', sources: [{ read: 1, refused: { UNREADABLE: 1 } }] })
    expect(told(report)[0]).toMatch(
      /1 of 1 message \(100 %\).*UNREADABLE. The first, list.json line 1: .* got array.*jq -c/,
    )
  })

  it('with a wrong clock are told by their share', async () => {
    await deliver([
      ...fine(),
      ...many(25, () => message({ type: 'track', event: 'x', timestamp: '2999-01-01T00:00:00Z' })),
    ])
    const report = await check()
    expect(report.verdict).toBe('warnings')
    expect(told(report)).toEqual([
      expect.stringMatching(/25 of 50 messages \(50 %\) would go to quarantine as FUTURE.*clock/),
    ])
  })

  it('tell torn files, and read the others', async () => {
    await deliver(fine())
    await writeFile(join(folder, 'events', 'torn.jsonl.gz'), gzipSync('{}\n'.repeat(1000)).subarray(0, 25))
    const report = await check()
    expect(report.events.count).toBe(25)
    expect(told(report)).toEqual([
      expect.stringContaining('`torn.jsonl.gz` cannot be read: the gzip ends in the middle'),
    ])
  })

  it('with many files are sampled from the first to the last', async () => {
    for (let i = 0; i < 120; i++) await deliver([track('Signed Up', { i })], `${String(i).padStart(3, '0')}.jsonl`)
    const report = await check({ sites: [] })
    expect(report.sources[0]!.read).toBeGreaterThan(40)
    expect(report.sources[0]!.read).toBeLessThanOrEqual(50)
    expect(report.sources[0]!.facts).toContain('120 files')
  })
})

describe('names', () => {
  it('that do not occur are told with what does', async () => {
    await deliver([...many(20, () => page('https://acme.com/')), ...many(5, () => track('signed_up_v2'))])
    expect(told(await check({ conversions: { signup: { event: 'Signed Up' } } }))).toEqual([
      'warning conversions.signup: `Signed Up` occurs 0 times in the 25 usable messages of the sources. Did you mean `signed_up_v2` (5)? Name the right one.',
    ])
  })

  it('of the defaults: one is enough', async () => {
    await deliver([page('https://acme.com/'), track('account created')])
    expect((await check()).findings).toEqual([])
  })

  it('are compared without case and punctuation', async () => {
    await deliver([page('https://acme.com/'), track('SIGNED-UP')])
    expect((await check({ conversions: { signup: { event: 'Signed Up' } } })).findings).toEqual([])
  })
})

describe('sites', () => {
  it('that leave hosts out', async () => {
    await deliver([...fine(), ...many(10, () => page('https://app.acme.io/', 'https://login.acme.io/'))])
    const [finding] = told(await check())
    expect(finding).toMatch(
      /^warning sites: .*leaves out 33 % of pages: `app.acme.io` \(10\)\. `login.acme.io` \(10\) came as a referrer/,
    )
    expect(finding).toContain("have 'acme.io' in `sites`")
  })

  it('that were misspelled', async () => {
    await deliver(fine())
    expect(told(await check({ sites: ['acme.com', 'acmee.com'] }))).toEqual([
      expect.stringMatching(/`acmee.com` covers none.*Did you mean 'acme.com'\?/),
    ])
  })

  it('do not count what is excluded, or rare', async () => {
    await deliver([
      ...many(200, () => page('https://acme.com/')),
      track('signup'),
      page('https://translate.goog/'),
      ...many(9, () => page('http://localhost/')),
    ])
    expect(told(await check())).toEqual([expect.stringContaining('warning exclude.hosts: Pages of machines')])
    expect((await check({ exclude: { hosts: ['localhost'] } })).findings).toEqual([])
  })
})

describe('values', () => {
  const purchase = { event: 'Order Completed', value: 'revenue', currency: 'currency', every: true }
  const conversions = { purchase }

  it('that are fine need no word', async () => {
    await deliver([...fine(), track('Order Completed', { revenue: '12.50', currency: 'eur' })])
    expect((await check({ conversions })).findings).toEqual([])
  })

  it('under another name', async () => {
    await deliver([...fine(), ...many(3, () => track('Order Completed', { Revenue: 5, items: 2, currency: 'EUR' }))])
    expect(told(await check({ conversions }))).toEqual([
      expect.stringMatching(
        /^warning conversions\.purchase\.value: .*100 % have no usable value in `revenue`: 3 have none\..*`Revenue` \(3\)/,
      ),
    ])
  })

  it('that are no numbers, or of no currency', async () => {
    await deliver([
      ...fine(),
      track('Order Completed', { revenue: '13,50', currency: 'EUR' }),
      track('Order Completed', { revenue: 5, currency: 'Euro' }),
    ])
    expect(told(await check({ conversions }))).toEqual([
      expect.stringMatching(
        /1 have one that is no decimal number, 1 have a currency .* `revenue` holds, for example, `"13,50"`\. `currency` holds, for example, `"Euro"`\./,
      ),
    ])
  })

  it('whose currency is assumed', async () => {
    await deliver([...fine(), track('Order Completed', { revenue: 5 })])
    const report = await check({ conversions })
    expect(report.verdict).toBe('ok')
    expect(told(report)).toEqual([
      expect.stringMatching(/^note conversions\.purchase\.currency: 1 of 1 event .* count as USD/),
    ])
  })
})

it('says when another version of tributary made the tables', async () => {
  await deliver(fine())
  const { pipeline: options, configVersion } = configOf({})
  const warehouse = await openDuckdb({ path: ':memory:', schema: 'tributary' })
  try {
    await warehouse.execute(sql`create table ${sql.table('runs')} (run_id bigint)`)
    const report = await checkInstallation({ options, configVersion, kind: 'duckdb', place: 'w', warehouse })
    expect(report.warehouse).toMatchObject({ state: 'opened, but its tables are of another version', run: null })
    expect(told(report)).toContainEqual(
      expect.stringMatching(
        /^error warehouse\.schema: .* Table runs: expected the column kind \(varchar\), but there is none/,
      ),
    )
  } finally {
    await warehouse.close()
  }
})

it('looks in the tables once there are some, and leaves none of its own', async () => {
  await deliver([...fine(), ...many(4, () => track('Order Completed', { revenue: 'x' }))])
  const conversions = { purchase: { event: 'Order Completed', value: 'revenue', every: true } }
  const { pipeline: options, configVersion } = configOf({ conversions })
  const warehouse = await openDuckdb({ path: ':memory:', schema: 'tributary' })
  try {
    const input = { options, configVersion, kind: 'duckdb', place: 'w', warehouse }
    expect(await checkInstallation(input)).toMatchObject({ events: { of: 'sample' }, warehouse: { run: null } })
    expect(await warehouse.describeTable('runs')).toBeNull()
    await runPipeline({ warehouse, options, configVersion, kind: 'increment' })
    await writeFile(join(folder, 'events', 'events.jsonl'), '')
    const report = await checkInstallation(input)
    expect(report).toMatchObject({
      verdict: 'warnings',
      events: { of: 'tables', count: 29 },
      warehouse: { run: 1, state: 'opened; tables can be made and written' },
      sources: [{ read: 0 }],
    })
    expect(told(report)).toEqual([expect.stringMatching(/^warning conversions.purchase.value: Of the latest 4 events/)])
  } finally {
    await warehouse.close()
  }
})
