import { chmod, open, readdir, readFile, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { makeFolder, removeFolder } from './folder.ts'
import { contentsOf, DATABASE, placeIn, runIn, writeEvents } from './kill-world.ts'
import type { Ended } from './tributary.ts'

/** Root may write everywhere: then the command is run as somebody who may not. */
const asNobody = process.getuid?.() === 0

/** A disk that takes no more, a database that may not be written, and files that are no database. */
describe('a run that cannot write', { timeout: 180_000 }, () => {
  let folder: string
  let base: string
  const wanted: Record<string, Awaited<ReturnType<typeof contentsOf>>> = {}
  let places = 0
  /** A folder with later deliveries, and the database of a run before them unless told otherwise. */
  const place = (database: string | undefined = base) => placeIn(folder, `place-${places++}`, 'all', database)

  beforeAll(async () => {
    folder = await makeFolder()
    await writeEvents(folder)
    await readableByAll(folder)
    const first = await placeIn(folder, 'first', 'base')
    expect(await runIn(first)).toMatchObject({ code: 0 })
    base = join(first, DATABASE)
    const second = await place()
    expect(await runIn(second)).toMatchObject({ code: 0 })
    wanted.later = await contentsOf(second)
    const whole = await placeIn(folder, 'whole', 'all')
    wanted.first = await contentsOf(whole, 'run')
  }, 120_000)
  afterAll(async () => {
    for (const name of await readdir(folder)) await chmod(join(folder, name), 0o755)
    await removeFolder(folder)
  })

  /** In the words of the command, not as a fault of ours. */
  function expectTold(ended: Ended, message: RegExp): void {
    expect(ended).toMatchObject({ code: 1, signal: null })
    expect(ended.err).toMatch(message)
    expect(ended.err).not.toMatch(/Unexpected|\n\s+at /)
    expect(ended.err).not.toMatch(/insert into/i)
  }

  // The log finds no room while tables are made, then for the publication; or the database finds none when all is done.
  test.each([
    ['first', 40, 1],
    ['first', 1200, 0],
    ['later', 100, 1],
    ['later', 1200, 0],
  ] as const)('a full disk during the %s run, after %i blocks', async (which, most, code) => {
    const where = which === 'first' ? await placeIn(folder, `empty-${most}`, 'all') : await place()
    const before = which === 'first' ? null : await contentsOf(where)
    const ended = await runIn(where, { most, hasLongLog: true, isTold: code === 0 })
    if (code === 1) {
      expectTold(ended, /The disk is full.*File too large.*Make room/)
      if (before) expect((await contentsOf(where)).views).toEqual(before.views)
    } else {
      expect(ended).toMatchObject({ code: 0 })
      expect(ended.out).toMatch(/ sessions, /) // what is published can be read in the process that failed to write
      expect(ended.out).toMatch(/published, but looking after the tables failed: The disk is full/)
    }
    expect(await contentsOf(where, 'run')).toEqual(wanted[which])
  })

  test('no room where large statements spill to', async () => {
    const where = await placeIn(folder, 'spill', 'all', undefined, { memoryLimit: '20MB', threads: 1 })
    expectTold(await runIn(where, { most: 400 }), /The disk is full|Out of Memory/)
  })

  const forbidden = /Expected to be allowed to write .*Permission denied.*let the user it runs as write/

  test('a database file that is read-only', async () => {
    const where = await place()
    await chmod(where, 0o777)
    await chmod(join(where, DATABASE), 0o444)
    expectTold(await runIn(where, { asNobody }), forbidden)
  })

  test.each([
    ['with a database', true],
    ['without one', false],
  ])('a folder that is read-only, %s', async (_, isThere) => {
    const where = isThere ? await place() : await placeIn(folder, 'empty', 'all')
    if (isThere) await chmod(join(where, DATABASE), 0o666)
    await chmod(where, 0o555)
    expectTold(await runIn(where, { asNobody }), forbidden)
    await chmod(where, 0o755)
    expect(await contentsOf(where, 'run')).toMatchObject({ unfinished: 0 })
  })

  const damaged = /is not a DuckDB database, or is damaged.*warehouse\.path.*backup/

  test.each([
    ['some other file', (file: string) => writeFile(file, 'once upon a time '.repeat(2000)), damaged],
    ['an empty one', (file: string) => truncate(file, 0), damaged],
    ['one cut off in its first header', (file: string) => truncate(file, 100), damaged],
    ['one cut off in its second', (file: string) => truncate(file, 5000), damaged],
    ['one cut off in its tables', (file: string) => truncate(file, 13_000), damaged],
    ['one that a newer DuckDB wrote', makeNewer, /was written by a newer DuckDB.*Upgrade tributary/],
  ])('a file that is no database: %s', async (_, change, message) => {
    const where = await place()
    await change(join(where, DATABASE))
    const content = await readFile(join(where, DATABASE))
    const ended = await runIn(where)
    expectTold(ended, message)
    expect(ended.err).toContain(DATABASE)
    expect((await readFile(join(where, DATABASE))).equals(content), 'it is left as it is').toBe(true)
  })
})

/** Gives the file a format of the future. A checksum guards it, which DuckDB says when it does not fit. */
async function makeNewer(file: string): Promise<void> {
  const patch = async (bytes: Buffer, at: number) => {
    const handle = await open(file, 'r+')
    await handle.write(bytes, 0, bytes.length, at)
    await handle.close()
  }
  await patch(Buffer.from([200]), 12)
  const { err } = await runIn(join(file, '..'))
  const checksum = Buffer.alloc(8)
  checksum.writeBigUInt64LE(BigInt(/computed checksum (\d+)/.exec(err)![1]!))
  await patch(checksum, 0)
}

async function readableByAll(folder: string): Promise<void> {
  await chmod(folder, 0o755)
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }))
    if (!entry.isSymbolicLink()) await chmod(join(entry.parentPath, entry.name), entry.isDirectory() ? 0o755 : 0o644)
}
