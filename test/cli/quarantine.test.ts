import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeFolder, removeFolder } from './folder.ts'
import { type Ended, start, tributary } from './tributary.ts'

const line = (id: string, more: object) =>
  `${JSON.stringify({ type: 'page', messageId: id, anonymousId: 'a', ...more })}\n`
const past = (id: string) => line(id, { timestamp: '1999-12-31T10:00:00Z', properties: { email: 'ann@acme.test' } })

describe('quarantine', () => {
  let folder: string
  const call = (...args: string[]): Promise<Ended> => tributary([...args, '--config', 'c.json'], { folder })
  const listed = async (...args: string[]) => JSON.parse((await call('quarantine', 'list', '--json', ...args)).out)
  beforeAll(async () => {
    folder = await makeFolder()
    await writeFile(join(folder, 'events.jsonl'), `${past('p')}${past('q')}\u001b[2J{"type"\n`)
    await writeFile(
      join(folder, 'c.json'),
      '{ "sources": [{ "kind": "files", "name": "web", "path": "./events.jsonl" }] }',
    )
  })
  afterAll(() => removeFolder(folder))

  it('is listed with counts first, and texts only when asked for', async () => {
    expect(await call('quarantine', 'list')).toMatchObject({ code: 0, out: 'Nothing is in quarantine.\n' })
    await call('run')
    const { code, out } = await call('quarantine', 'list')
    expect(code).toBe(0)
    expect(out).toMatch(
      /^3 rows in quarantine\.\n\n {2}source {2}reason +rows\n {2}web +PAST +2\n {2}web +UNREADABLE +1\n/,
    )
    expect(out).toMatch(/[0-9a-f]{32} {2}web {2}events\.jsonl:1 {2}PAST\n {4}Expected it to happen/)
    expect(out).not.toContain('ann@acme.test')
    const withText = (await call('quarantine', 'list', '--text')).out
    expect(withText).toContain('ann@acme.test')
    expect(withText).not.toContain('\u001b')
    const shown = (await call('quarantine', 'list', '--limit', '1', '--reason', 'PAST')).out
    expect(shown).toContain('… and 1 more row')
    expect(await listed('--limit', '0')).toMatchObject({ rows: 3, first: [] })
    expect((await listed('--text')).first[0].text).toBe(past('p').trim())
    expect((await listed()).first[0]).not.toHaveProperty('text')
  })

  it('is released, and says what came in and what stays', async () => {
    const [{ id }] = (await listed()).first
    const one = await call('quarantine', 'release', '--id', id, '--id', 'none')
    expect(one).toMatchObject({ code: 0, out: expect.stringContaining('Released: 1 row came in.') })
    const all = await call('quarantine', 'release', '--all')
    expect(all.out).toContain('Released: 1 row came in.')
    expect(all.out).toContain('Not taken in: 1 row, still UNREADABLE')
    const none = await call('quarantine', 'release', '--reason', 'PAST')
    expect(none.out).toContain('nothing was released')
    expect((await listed()).counts).toEqual([{ source: 'web', reason: 'UNREADABLE', rows: 1 }])
  })

  it('is asked of a server that has the database', async () => {
    await writeFile(join(folder, 'events.jsonl'), past('r'))
    const server = start(['serve', '--config', 'c.json', '--port', '0'], { folder })
    try {
      await server.says(/listening/)
      await call('run')
      expect((await listed('--source', 'web', '--text')).first).toMatchObject([{ line: 1, text: past('r').trim() }])
      const { out, err } = await call('quarantine', 'release', '--reason', 'PAST')
      expect(err).toContain('has the database and does the run')
      expect(out).toContain('Released: 1 row came in.')
      expect((await listed()).rows).toBe(0)
    } finally {
      server.child.kill('SIGTERM')
      await server.ended
    }
  })
})
