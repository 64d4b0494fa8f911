import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checkConfig } from '../../src/config/read.ts'
import { openWarehouse } from '../../src/warehouses/open.ts'
import { makeFolder, removeFolder, temporaryFolder } from './folder.ts'
import { type Ended, start, tributary } from './tributary.ts'

/** One small demo; its commands follow each other as a user's would. */
describe('a demo', { timeout: 60_000 }, () => {
  let folder: string
  let first: Ended
  const call = (...args: string[]) => tributary(args, { folder })
  const readStatus = async () => JSON.parse((await call('status', '--json')).out)

  beforeAll(async () => {
    folder = await makeFolder()
    first = await call('demo', '--folder', '.', '--people', '60')
  }, 60_000)
  afterAll(() => removeFolder(folder))

  it('runs, with a line for each stage and a summary', () => {
    expect(first).toMatchObject({ code: 0 })
    for (const stage of ['ingest', 'visits', 'sessions', 'touches', 'publish']) {
      expect(first.err).toMatch(new RegExp(`^${stage} +[\\d,]+ rows? +[\\d.]+ s$`, 'm'))
    }
    expect(first.out).toMatch(/Run 1 \(increment\) published in [\d.]+ s, [\d,]+ rows written\./)
    expect(first.out).toMatch(/^ {2}[\d,]+ people, [\d,]+ sessions, [\d,]+ touches, [\d,]+ conversions$/m)
  })

  it('leaves a configuration to edit', async () => {
    const text = await readFile(join(folder, 'tributary.config.json'), 'utf8')
    const config = checkConfig(JSON.parse(text), join(folder, 'tributary.config.json'), {})
    expect(config.pipeline.sources[0]).toHaveProperty('path', join(folder, 'events'))
    const edited = text.replace('"gapMinutes": 30', '"gapMinutes": 20')
    await writeFile(join(folder, 'tributary.config.json'), edited)
    expect((await call('demo', '--folder', '.', '--people', '60', '--quiet')).code).toBe(0)
    expect(await readFile(join(folder, 'tributary.config.json'), 'utf8')).toBe(edited)
  })

  it('shows its status, for people and for programs', async () => {
    const status = await readStatus()
    expect(status.run).toMatchObject({ state: 'published' })
    expect(status.runs.length).toBeGreaterThan(1)
    expect(status.counts.people).toBeGreaterThan(0)
    expect(status.counts.events).toBeGreaterThan(status.counts.sessions)
    const { out, code } = await call('status')
    expect(code).toBe(0)
    expect(out).toMatch(/^Run \d+ is published/)
    for (const title of ['Runs', 'Rows', 'Sources', 'Quarantine']) expect(out).toMatch(new RegExp(`^${title}$`, 'm'))
  })

  it('has nothing to write when run again, or rebuilt', async () => {
    const { counts } = await readStatus()
    for (const command of ['run', 'rebuild']) {
      const { code, out } = await call(command)
      expect(code).toBe(0)
      expect(out).toMatch(/published in [\d.]+ s, 0 rows written\./)
    }
    expect((await readStatus()).counts).toEqual(counts)
  })

  it('is silent with --quiet', async () => {
    expect(await call('run', '--quiet')).toEqual({ code: 0, signal: null, out: '', err: '' })
  })

  it('ends with 3 while another process has the database', async () => {
    const warehouse = await openWarehouse({
      kind: 'duckdb',
      path: join(folder, 'warehouse.duckdb'),
      schema: 'tributary',
    })
    try {
      for (const command of ['run', 'rebuild', 'status', 'serve']) {
        const { code, out, err } = await call(command)
        expect({ command, code, out }).toEqual({ command, code: 3, out: '' })
        expect(err).toContain('is open in another process')
      }
    } finally {
      await warehouse.close()
    }
  })

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('stops on %s with %d, and the next run is right', async (signal, exitCode) => {
    const before = await readStatus()
    const { child, ended, says } = start(['rebuild'], { folder })
    await says(/^(ingest|visits)/m)
    child.kill(signal)
    expect(await ended).toMatchObject({ code: exitCode, signal: null, out: '' })
    expect((await call('rebuild')).out).toContain(' 0 rows written.')
    expect((await readStatus()).counts).toEqual(before.counts)
  })
})

it('status of a database that is not there makes none', async () => {
  const folder = await temporaryFolder()
  await writeFile(join(folder, 'tributary.config.json'), '{ "sources": [{ "kind": "files", "path": "./events" }] }')
  expect(await tributary(['status'], { folder })).toMatchObject({
    code: 0,
    out: 'No run yet. Start one with `tributary run`.\n',
  })
  expect(JSON.parse((await tributary(['status', '--json'], { folder })).out)).toMatchObject({ run: null, runs: [] })
  await expect(readFile(join(folder, 'warehouse.duckdb'))).rejects.toThrow()
})
