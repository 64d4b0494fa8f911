import { copyFile, cp, mkdir, readdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { writeDemo } from '../../src/demo/generate.ts'
import { openDuckdb } from '../../src/warehouses/duckdb.ts'
import { sql } from '../../src/warehouses/sql.ts'
import { stateOf } from '../conformance/table-states.ts'
import { currentTables } from '../harness/pipeline.ts'
import { makeFolder, removeFolder } from './folder.ts'
import type { KillAt } from './kill-at.ts'
import { killer, longLog } from './kill-world.ts'
import { type Ended, type Started, start, tributary } from './tributary.ts'

const database = 'warehouse.duckdb'

/** Moments at which the process dies. */
type Moment = { name: string; at: KillAt } | { name: string; line: RegExp } | { name: string; delay: number }

/** The commit of the publish transaction: the first one after the run has been written down. */
const commit = (when: KillAt['when'], name: string): Moment => ({
  name,
  at: { text: '^commit$', nth: 1, when, afterText: 'update .*"runs"\\s+set\\s+state = .written.' },
})
const statement = (text: string, name: string): Moment => ({ name, at: { text, nth: 1, when: 'during' } })
const line = (stage: string): Moment => ({ name: `when ${stage} has been told`, line: new RegExp(`^${stage} `, 'm') })

/** Delays from a fixed seed, over about the time a run takes. */
const delays = (count: number, seed: number): Moment[] => {
  let state = seed
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    const delay = 300 + (state % 1_700)
    return { name: `${delay} ms after its start`, delay }
  })
}

/** A run reads a few thousand messages into a file, is killed, and is started again. */
describe('a run that is killed', { timeout: 120_000 }, () => {
  let folder: string
  const at = (...path: string[]) => join(folder, ...path)

  /** A folder with a configuration, all events, and the database of a run that came before, if any. */
  async function place(name: string, events: string, from?: string): Promise<string> {
    await mkdir(at(name))
    await symlink(at(events), at(name, 'events'))
    await writeFile(
      at(name, 'tributary.config.json'),
      '{ "sources": [{ "kind": "files", "path": "./events" }], "sites": ["acme.test"] }',
    )
    if (from) await copyFile(at(from, database), at(name, database))
    return at(name)
  }

  async function call(where: string, ...args: string[]): Promise<Ended> {
    const ended = await tributary(args, { folder: where })
    expect(ended).toMatchObject({ code: 0 })
    return ended
  }
  const runIn = (where: string) => call(where, 'run', '--config', 'tributary.config.json')

  /** All that a database says: every row, the views, the names of its tables, the lock. */
  async function contents(where: string) {
    const warehouse = await openDuckdb({ path: join(where, database), schema: 'tributary', threads: 1 })
    try {
      const { events, channelTotals, ...views } = await currentTables(warehouse)
      const names = sql`select database_name, table_name from duckdb_tables() where database_name not in ('system', 'temp') order by all`
      return {
        rows: await stateOf(warehouse),
        views,
        names: await warehouse.query(names),
        lock: await warehouse.query(sql`select name, owner from ${sql.table('lease')}`),
        written: await warehouse.query(sql`select * from ${sql.table('runs')} where state = 'written'`),
      }
    } finally {
      await warehouse.close()
    }
  }
  /** What a run leaves behind: its status, the database, the files beside it. */
  async function lookAt(where: string) {
    const { counts, sources, quarantine } = JSON.parse((await call(where, 'status', '--json')).out)
    return { counts, sources, quarantine, contents: await contents(where), files: (await readdir(where)).sort() }
  }
  const reference: Record<string, Awaited<ReturnType<typeof lookAt>>> = {}

  beforeAll(async () => {
    folder = await makeFolder()
    const { eventsFolder, files } = await writeDemo(folder, { people: 150 })
    await cp(eventsFolder, at('all'), { recursive: true, preserveTimestamps: true })
    await mkdir(at('half'))
    for (const file of files.slice(0, 6)) await copyFile(join(eventsFolder, file), at('half', file))
    const undisturbed = { first: ['all'], base: ['half'], second: ['all', 'base'] } as const
    for (const [name, [events, from]] of Object.entries(undisturbed)) {
      const where = await place(name, events, from)
      await runIn(where)
      reference[name] = await lookAt(where)
    }
  }, 120_000)
  afterAll(() => removeFolder(folder))

  async function kill({ child, says, ended }: Started, moment: Moment): Promise<void> {
    if ('line' in moment) await says(moment.line)
    if ('delay' in moment) await new Promise((resolve) => setTimeout(resolve, moment.delay))
    if (!('at' in moment)) child.kill('SIGKILL')
    const { signal, code } = await ended
    // One that was done before its time is no test, but no failure either.
    if ('at' in moment || code !== 0) expect(signal).toBe('SIGKILL')
  }

  const firstRun: Moment[] = [
    statement('^create or replace view', 'while it makes the tables'),
    line('ingest'),
    commit('during', 'during the publish commit'),
    commit('after', 'between the two transactions'),
    ...delays(3, 2025),
  ]
  const laterRun: Moment[] = [
    line('visits'),
    line('credits'),
    statement('insert into .*"events"', 'inside the publish transaction'),
    commit('before', 'before the publish commit'),
    commit('during', 'during the publish commit'),
    commit('after', 'between the two transactions'),
    statement('^checkpoint', 'during the checkpoint'),
    line('publish'),
    ...delays(2, 1871),
  ]

  it.each([
    ...firstRun.map((moment, i) => ({ ...moment, like: 'first', from: undefined, i })),
    ...laterRun.map((moment, i) => ({ ...moment, like: 'second', from: 'base', i })),
  ])('the $like run, $name: the next ends in the same tables', async ({ like, from, i, ...moment }) => {
    const where = await place(`${like}-${i}`, 'all', from)
    const aimed =
      'at' in moment ? { env: { KILL_AT: JSON.stringify(moment.at) }, nodeArgs: [...killer, ...longLog] } : {}
    await kill(start(['run', '--config', 'tributary.config.json'], { folder: where, ...aimed }), moment)
    const isBetween = moment.name.startsWith('between')
    // Others are left as they are: to look is to open, which alone would mend the file.
    if (isBetween || (from && i % 2 === 0)) {
      const { views, lock, written } = await contents(where)
      expect(written).toHaveLength(isBetween ? 1 : 0)
      const before = from ? [reference[from]!.contents.views] : []
      if (!isBetween)
        expect([...before, reference[like]!.contents.views]).toContainEqual(views) // the one or the other
      else if (from) expect([views]).toEqual(before)
      expect(lock).toHaveLength(1)
    }

    await runIn(where)
    expect(await lookAt(where)).toEqual(reference[like])
  })
})
