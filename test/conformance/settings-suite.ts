import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { PipelineOptions } from '../../src/pipeline/options.ts'
import type { ProgressEvent, RunReport } from '../../src/pipeline/run.ts'
import { sql } from '../../src/warehouses/sql.ts'
import type { Row, Warehouse } from '../../src/warehouses/warehouse.ts'
import { emptyTables, optionsFor, rowsOf, run, temporaryFolder } from '../harness/pipeline.ts'
import { testSettings } from '../oracle/settings.ts'
import { type KnownFailures, tester } from './suite.ts'

const NOW = new Date('2025-06-01T00:00:00Z')
const { signup, purchase } = testSettings.conversions as Record<string, PipelineOptions['conversions'][string]>
let id = 0
const message = (at: string, more: Record<string, unknown>) =>
  JSON.stringify({ messageId: `t${++id}`, anonymousId: 'd1', timestamp: at, receivedAt: at, ...more })
const page = (at: string, more: Record<string, unknown> = {}) =>
  message(at, {
    type: 'page',
    context: { page: { url: 'https://www.acme.test/?utm_source=news', referrer: '' } },
    ...more,
  })

/** A person of whom every change of settings below makes something else. */
const history = () =>
  [
    page('2025-01-01T10:00:00Z'),
    page('2025-01-01T10:25:00Z'),
    page('2025-01-20T10:00:00Z', {
      context: { page: { url: 'https://www.acme.test/', referrer: 'https://news.test/' } },
    }),
    ...['u1', 'u2', 'u3', 'u4'].map((userId, i) => page(`2025-01-2${i + 1}T10:00:00Z`, { userId })),
    message('2025-01-25T10:00:00Z', { type: 'track', event: 'Beat', userId: 'u1' }),
    ...['2025-01-26T10:00:00Z', '2025-01-27T10:00:00Z'].map((at) =>
      message(at, { type: 'track', event: 'Order Completed', userId: 'u1', properties: { revenue: '5' } }),
    ),
  ].join('\n')

/** What a change of settings makes a run do. That the tables are right is for the random streams. */
export function testSettingsChanges(open: () => Promise<Warehouse>, known?: KnownFailures): void {
  describe('changed settings', () => {
    let warehouse: Warehouse
    let folder: ReturnType<typeof temporaryFolder>
    beforeAll(async () => {
      warehouse = await open()
      await run(warehouse, testSettings, 'rebuild') // makes the tables
    })
    afterAll(() => warehouse.close())
    beforeEach(async () => {
      await emptyTables(warehouse)
      folder = temporaryFolder()
      return () => folder.remove()
    })

    const increment = (settings: Partial<PipelineOptions> = {}, more: Parameters<typeof run>[3] = {}) =>
      run(more.warehouse ?? warehouse, optionsFor(folder.path, settings), 'increment', { now: NOW, ...more })
    const said = (report: RunReport) => report.problems.join('\n')

    test('equal settings in another order are no change', async () => {
      folder.write('1.jsonl', page('2025-01-01T10:00:00Z'))
      const { identity, exclude } = testSettings
      await increment({
        conversions: { signup: signup!, purchase: purchase! },
        sites: ['a.test', 'b.test'],
        identity: { ...identity, ignoreIds: ['x', 'y'] },
      })
      const report = await increment({
        sites: ['b.test', 'a.test'],
        conversions: { purchase: { ...purchase! }, signup: signup! },
        exclude: { events: [], paths: [], hosts: [], userIds: [], bots: exclude.bots },
        identity: { ignoreIds: ['y', 'x'], sharedDevices: identity.sharedDevices, maxUsersPerDevice: 10 },
      })
      expect(report.problems).toEqual([])
      expect(report.stages.map((s) => s.stage)).toEqual(['ingest', 'publish', 'maintain'])
    })

    const levels: [string, Partial<PipelineOptions>, string[]][] = [
      ['the gap', { sessions: { gapMinutes: 20 } }, ['visits and all that follows']],
      ['sites', { sites: ['news.test'] }, ['which events they make others']],
      [
        'a conversion more',
        { conversions: { ...testSettings.conversions, beat: { ...signup!, events: ['beat'] } } },
        ['events that are beat', 'of people with beat'],
      ],
      ['a conversion less', { conversions: { signup: signup! } }, ['of people with purchase']],
      [
        'every conversion counting',
        { conversions: { signup: signup!, purchase: { ...purchase!, every: false } } },
        ['of people with purchase'],
      ],
      [
        'shared devices',
        { identity: { ...testSettings.identity, maxUsersPerDevice: 3 } },
        ['the owner of every visit'],
      ],
      ['channel rules', { channels: [{ channel: 'News', paid: true, when: { source: ['news'] } }] }, ['of everyone']],
      [
        'the lookback',
        { conversions: { signup: signup!, purchase: { ...purchase!, lookbackDays: 7 } } },
        ['credit of purchase'],
      ],
    ]
    test.each(levels)(
      '%s: only what depends on it is computed anew, and it is said first',
      async (_name, more, words) => {
        folder.write('1.jsonl', history())
        await increment()
        const events: ProgressEvent[] = []
        const report = await increment(more, { onProgress: (event) => events.push(event) })
        const [note] = events
        expect(note?.state).toBe('note')
        expect(report.problems).toEqual([note?.note])
        for (const word of words) expect(said(report)).toContain(word)
        expect(said(report).split('(reads').length - 1).toBe(words.length)
        expect(said(await increment(more))).toBe('')
        expect(report.rowsWritten).toBeGreaterThan(0)
        const rebuilt = await run(warehouse, optionsFor(folder.path, more), 'rebuild', { now: NOW })
        expect(rebuilt.rowsWritten).toBe(0)
      },
    )

    test('above the limit it stops before it writes, until it is accepted', async () => {
      folder.write('1.jsonl', page('2025-01-01T10:00:00Z'))
      await increment()
      const estimating: Warehouse = { ...warehouse, estimateBytes: async () => 1000 }
      const channels = [{ channel: 'News', paid: false, when: { source: ['news'] } }]
      const limited = { warehouse: estimating, bytesPerRun: 1999 }
      await expect(increment({ channels }, limited)).rejects.toThrow(
        /reads at least 2,000 bytes of history, more than limits.bytesPerRun \(1,999\).*--accept-recompute/,
      )
      expect((await rowsOf(warehouse, 'current_touches', ['touch_id']))[0]!.channel).not.toBe('News')
      expect((await increment({}, limited)).problems).toEqual([])
      await increment({ channels }, { ...limited, bytesPerRun: 2000 })
      await increment({}, { ...limited, acceptRecompute: true })
      await increment({ channels }, { warehouse: estimating })
      expect((await rowsOf(warehouse, 'current_touches', ['touch_id']))[0]!.channel).toBe('News')
    })

    tester(known)('a conversion added later says when the properties of its events were not kept', async () => {
      const track = (name: string, properties: object) =>
        message('2025-01-01T10:00:00Z', { type: 'track', event: name, properties })
      const large = 'x'.repeat(70_000)
      folder.write(
        '1.jsonl',
        [track('Deal', { price: '5', large }), track('Deal', { price: '7' }), track('Deal', {})].join('\n'),
      )
      await increment()
      const deal = { ...purchase!, events: ['deal'], value: 'price' }
      await increment({ conversions: { signup: signup!, deal } })
      const rows = await rowsOf(warehouse, 'current_conversions', ['value', 'value_problem'])
      expect(rows.map((r) => [r.value, r.value_problem])).toEqual(
        expect.arrayContaining([
          [700, null],
          [null, 'PROPERTIES_NOT_KEPT'],
          [null, null],
        ]),
      )
    })

    test('another version of the list of bots judges events again that were taken in before', async () => {
      folder.write('1.jsonl', page('2025-01-01T10:00:00Z', { context: { userAgent: 'Googlebot/2.1' } }))
      await increment()
      // As if an older version had not known it.
      await warehouse.transaction([
        sql`update ${sql.table('user_agents')} set is_bot = (1 = 0) where 1 = 1`,
        sql`update ${sql.table('events')} set excluded_reason = null where 1 = 1`,
        sql`update ${sql.table('stage_fingerprints')} set fingerprint = 'older' where stage in ('bots', 'events')`,
      ])
      await increment()
      const [event] = await warehouse.query<Row & { excluded_reason: string }>(
        sql`select excluded_reason from ${sql.table('events')}`,
      )
      expect(event?.excluded_reason).toBe('BOT')
    })

    test('ids that are no longer ignored come back, from events and from quarantine', async () => {
      const ignoring = { identity: { ...testSettings.identity, ignoreIds: ['ÄNNE', 'D1'] } }
      folder.write(
        '1.jsonl',
        [
          page('2025-01-01T10:00:00Z'),
          page('2025-01-01T10:01:00Z', { userId: 'änne' }),
          page('2025-01-01T10:02:00Z', { userId: 'u1' }),
        ].join('\n'),
      )
      await increment(ignoring)
      expect(await rowsOf(warehouse, 'current_quarantine', ['line'])).toMatchObject([{ line: 1, reason: 'NO_ID' }])
      await increment()
      expect(await rowsOf(warehouse, 'current_quarantine', ['line'])).toEqual([])
      const events = await rowsOf(warehouse, 'events', ['occurred_at'])
      expect(events.map((e) => [e.anonymous_id, e.user_id, e.ignored_anonymous_id, e.excluded_reason])).toEqual([
        ['d1', null, null, null],
        ['d1', 'änne', null, null],
        ['d1', 'u1', null, null],
      ])
      await increment(ignoring)
      const again = await rowsOf(warehouse, 'events', ['occurred_at'])
      expect(again.map((e) => [e.anonymous_id, e.user_id, e.ignored_anonymous_id, e.excluded_reason])).toEqual([
        [null, null, 'd1', 'NO_ID'],
        [null, 'änne', 'd1', null],
        [null, 'u1', 'd1', null],
      ])
    })
  })
}
