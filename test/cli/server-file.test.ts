import { stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { readServerFile, removeServerFile, writeServerFile } from '../../src/cli/server-file.ts'
import { temporaryFolder } from './folder.ts'

it('says where the server is, to its user only, until it is removed', async () => {
  const database = join(await temporaryFolder(), 'a.duckdb')
  expect(await readServerFile(database)).toBeNull()
  await writeServerFile(database, 'http://127.0.0.1:4000')
  expect(await readServerFile(database)).toEqual({
    url: 'http://127.0.0.1:4000',
    pid: process.pid,
    startedAt: expect.stringMatching(/Z$/),
  })
  expect((await stat(`${database}.server.json`)).mode & 0o777).toBe(0o600)
  await removeServerFile(database)
  expect(await readServerFile(database)).toBeNull()
})

it('leaves the file of another server, and takes a broken one for none', async () => {
  const database = join(await temporaryFolder(), 'a.duckdb')
  const other = { url: 'http://127.0.0.1:4001', pid: process.pid + 1, startedAt: '2026-01-01T00:00:00Z' }
  await writeFile(`${database}.server.json`, JSON.stringify(other))
  await removeServerFile(database)
  expect(await readServerFile(database)).toEqual(other)
  await writeFile(`${database}.server.json`, '{"url": "file:///etc/passwd", "pid": 1, "startedAt": ""}')
  expect(await readServerFile(database)).toBeNull()
})
