import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { readStatus } from '../../src/pipeline/status.ts'
import { versionedTables } from '../../src/pipeline/tables/tables.ts'
import { sql } from '../../src/warehouses/sql.ts'
import type { Row, Warehouse } from '../../src/warehouses/warehouse.ts'
import { currentTables } from '../harness/pipeline.ts'
import { testSettings } from '../oracle/settings.ts'
import { Bench, bad, good } from './bad-input-bench.ts'
import { type Open, openedFor, tester } from './suite.ts'

const line = (id: string, more: object) => JSON.stringify({ type: 'page', messageId: id, anonymousId: 'ann', ...more })
const past = line('past', { timestamp: '1999-12-31T10:00:00Z' })
const again = { kind: 'rebuild', fromSources: true } as const

/** Everything forgotten and read again, in one run. */
export function testFromSources(open: Open): void {
  describe('a rebuild from the sources', () => {
    const use = openedFor(open)
    const test = tester()
    const bench = (work: (b: Bench, warehouse: Warehouse) => Promise<void>) => () =>
      Bench.use(use(), (b) => work(b, use()))

    /** What is known now, whichever run found it. */
    async function contents(warehouse: Warehouse) {
      const tables = await currentTables(warehouse)
      const events = tables.events!.map((e) => ({ ...(e as Row), run_id: null }))
      const state: Record<string, Row[]> = {}
      for (const name of ['visits', 'touch_candidates', 'conversion_candidates', 'alias_links', 'event_ledger'])
        state[name] = (await warehouse.query(sql`select * from ${sql.table(name)}`)).sort((a, b) =>
          JSON.stringify(a, text) < JSON.stringify(b, text) ? -1 : 1,
        )
      const refused = await warehouse.query(
        sql`select source, file, line, reason from ${sql.table('current_quarantine')} order by source, file, line`,
      )
      return { ...tables, ...state, events, refused }
    }

    /** Late rows, a better copy, an alias, a signup, lines that are refused and one that was released. */
    async function deliver(b: Bench): Promise<void> {
      b.write('1.jsonl', good('a'), good('b', ',"userId":"u"'), bad('x'), past)
      await b.run()
      b.write(
        '2.jsonl',
        line('a', { timestamp: '2025-02-01T00:00:00Z' }),
        line('late', { timestamp: '2025-01-01T00:00:00Z' }),
      )
      await b.run()
      b.write(
        '3.jsonl',
        line('s', { type: 'track', event: 'Signed Up', userId: 'u', timestamp: '2025-03-01T11:00:00Z' }),
      )
      await b.run({ release: { reason: 'PAST' } })
      b.write('1.jsonl', good('a'), good('b', ',"userId":"u"'), bad('x'), past, good('c'))
      b.write(
        '4.jsonl',
        line('al', { type: 'alias', userId: 'u', previousId: 'old', timestamp: '2025-03-02T00:00:00Z' }),
      )
      await b.run()
    }

    test(
      'writes nothing when nothing has changed; numbers and earlier answers go on',
      bench(async (b, warehouse) => {
        await deliver(b)
        const before = await contents(warehouse)
        const versions = () =>
          Promise.all(
            versionedTables.map(({ name }) => warehouse.query(sql`select count(*) as n from ${sql.table(name)}`)),
          )
        const versionsBefore = await versions()
        const { run, kind, rowsWritten, sources } = await b.run(again)
        expect({ run, kind, rowsWritten }).toEqual({ run: 5, kind: 'rebuild_from_sources', rowsWritten: 0 })
        expect(sources).toMatchObject([{ files: 4, read: 9, accepted: 7, duplicates: 1, quarantined: 1 }])
        expect(await contents(warehouse)).toEqual(before)
        expect(await versions()).toEqual(versionsBefore)
        expect((await b.run()).sources).toEqual([])
        expect(await readStatus(warehouse)).toMatchObject({
          run: { run: 6 },
          sources: [{ read: 9, accepted: 7, duplicates: 1 }],
        })
      }),
    )

    test(
      'mends whatever is wrong with what was kept, and later runs build on it',
      bench(async (b, warehouse) => {
        await deliver(b)
        const before = await contents(warehouse)
        await warehouse.transaction([
          sql`delete from ${sql.table('event_ledger')} where 1 = 1`,
          sql`update ${sql.table('visits')} set person_id = 'somebody', event_count = 99 where 1 = 1`,
          sql`update ${sql.table('events')} set user_id = 'nobody', received_at = ${sql.timestamp('2001-01-01T00:00:00Z')} where 1 = 1`,
          sql`delete from ${sql.table('watermarks')} where item = '2.jsonl'`,
        ])
        expect(await contents(warehouse)).not.toEqual(before)
        await b.run(again)
        expect(await contents(warehouse)).toEqual(before)
        b.write('5.jsonl', good('a'), good('later'))
        expect((await b.run()).sources).toMatchObject([{ read: 2, accepted: 1, seenBefore: 0, duplicates: 1 }])
      }),
    )

    test(
      'judges every line by the settings of today',
      bench(async (b) => {
        await deliver(b)
        expect(await b.refusedAt()).toEqual(['1.jsonl:3 UNREADABLE'])
        b.change({ identity: { ...testSettings.identity, ignoreIds: ['ann'] } })
        expect((await b.run({ ...again, acceptLoss: true })).rowsWritten).toBeGreaterThan(0)
        expect(await b.refusedAt()).toEqual([
          '1.jsonl:3 UNREADABLE',
          '1.jsonl:4 NO_ID',
          '2.jsonl:1 NO_ID',
          '2.jsonl:2 NO_ID',
        ])
      }),
    )

    test(
      'refuses to lose what the sources do not hold any more, and says what',
      bench(async (b, warehouse) => {
        await deliver(b)
        b.write('refused.jsonl', bad('y'))
        await b.run()
        for (const gone of ['2.jsonl', 'refused.jsonl']) rmSync(join(b.folder.path, gone))
        b.write('1.jsonl', good('a'))
        const before = await contents(warehouse)
        const refusal = b.run(again)
        await expect(refusal).rejects.toMatchObject({ code: 'LOSS_REFUSED' })
        await expect(refusal).rejects.toThrow(
          '4 events and 2 lines in quarantine of source events would be lost. Known and not readable now: events: 2.jsonl, events: refused.jsonl.',
        )
        expect(await contents(warehouse)).toEqual(before)
        expect((await b.run({ ...again, acceptLoss: true })).sources).toMatchObject([{ read: 3, accepted: 3 }])
        expect(await b.eventIds()).toEqual(['a', 'al', 's'])
        expect(await b.refusedAt()).toEqual([])
      }),
    )

    test(
      'a file that moved is no loss',
      bench(async (b) => {
        await deliver(b)
        b.write(
          'moved/2.jsonl',
          line('a', { timestamp: '2025-02-01T00:00:00Z' }),
          line('late', { timestamp: '2025-01-01T00:00:00Z' }),
        )
        rmSync(join(b.folder.path, '2.jsonl'))
        expect((await b.run(again)).rowsWritten).toBe(0)
      }),
    )

    test(
      'that fails while it publishes changes nothing',
      bench(async (b, warehouse) => {
        await deliver(b)
        const before = await contents(warehouse)
        const broken: Warehouse = {
          ...warehouse,
          transaction: (statements, o) =>
            warehouse.transaction(
              o?.label?.endsWith('publish')
                ? [...statements, warehouse.dialect.assertThat(sql`1 = 2`, 'cut')]
                : statements,
              o,
            ),
        }
        await expect(b.run({ ...again, warehouse: broken })).rejects.toThrow('cut')
        expect(await contents(warehouse)).toEqual(before)
        expect((await b.run()).sources).toEqual([])
      }),
    )

    test(
      'contradictions are refused',
      bench(async (b) => {
        await expect(b.run({ fromSources: true })).rejects.toThrow('with a rebuild')
        await expect(b.run({ kind: 'rebuild', acceptLoss: true })).rejects.toThrow('`fromSources` only')
      }),
    )
  })
}

/** Integers beyond 2^53 come as bigint. */
const text = (_: string, value: unknown) => (typeof value === 'bigint' ? String(value) : value)
