import { existsSync } from 'node:fs'
import { cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { temporaryFolder } from './folder.ts'
import { type Ended, start, tributary } from './tributary.ts'

/** A server over the example's events, in a folder of its own. */
describe('serve', { timeout: 60_000 }, () => {
  let folder: string
  const call = (...args: string[]): Promise<Ended> => tributary(args, { folder })
  const serverFile = () => join(folder, 'warehouse.duckdb.server.json')

  async function serve() {
    const server = start(['serve', '--port', '0'], { folder })
    const [, url] = await server.says(/"url":"([^"]+)"/)
    return { ...server, url: url! }
  }

  beforeEach(async () => {
    folder = await temporaryFolder()
    await cp('examples/duckdb/events', join(folder, 'events'), { recursive: true })
    await writeFile(join(folder, 'tributary.config.json'), '{ "sources": [{ "kind": "files", "path": "./events" }] }')
  })

  it('fills a new database, answers, says where it is, and ends with 0 on SIGTERM', async () => {
    const { child, ended, url, says } = await serve()
    await says(/"msg":"run published"/)
    const ask = async (query: string) => {
      const headers = { 'content-type': 'application/json' }
      return (await fetch(`${url}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query }) })).json()
    }
    expect(await ask('{ runs { id } }')).toMatchObject({ data: { runs: [{ id: expect.anything() }] } })
    // Names of the configuration are known, and others refused.
    for (const field of ['companyMetrics(by: "x") { metric }', 'channelStats(conversion: "x") { touches }'])
      expect(await ask(`{ ${field} }`), field).toMatchObject({ errors: [{ extensions: { code: 'INPUT_INVALID' } }] })
    expect(JSON.parse(await readFile(serverFile(), 'utf8'))).toMatchObject({ url, pid: child.pid })
    child.kill('SIGTERM')
    const { code, out } = await ended
    expect(code).toBe(0)
    expect(existsSync(serverFile())).toBe(false)
    for (const line of out.trim().split('\n'))
      expect(JSON.parse(line)).toMatchObject({
        level: expect.any(String),
        time: expect.any(String),
        msg: expect.any(String),
      })
  })

  it('is asked by commands that find the database taken', async () => {
    const { child, ended, url, says } = await serve()
    await says(/"msg":"run published"/)
    for (const command of ['run', 'rebuild']) {
      const { code, out, err } = await call(command)
      expect({ command, code }).toEqual({ command, code: 0 })
      expect(err).toContain(`The server at ${url} has the database and does the run`)
      expect(err).toMatch(/^publish +[\d,]+ rows? /m)
      expect(out).toContain('published in')
    }
    const status = JSON.parse((await call('status', '--json')).out)
    expect(status.run).toMatchObject({ run: 3, kind: 'rebuild', state: 'published' })
    expect(status.counts.conversions).toBeGreaterThan(0)
    expect(await call('serve', '--port', '0')).toMatchObject({
      code: 3,
      err: expect.stringContaining('is open in another process'),
    })
    child.kill('SIGINT')
    expect(await ended).toMatchObject({ code: 0 })
  })

  it('is not asked when it has died: the file it left names nobody', async () => {
    const { child, ended, says } = await serve()
    await says(/"msg":"run published"/)
    child.kill('SIGKILL')
    await ended
    expect(existsSync(serverFile())).toBe(true)
    expect(await call('run')).toMatchObject({ code: 0, err: expect.not.stringContaining('The server at') })
  })

  it('says that a port is taken', async () => {
    const { child, ended, url } = await serve()
    const second = await temporaryFolder()
    await writeFile(join(second, 'tributary.config.json'), '{ "sources": [{ "kind": "files", "path": "./events" }] }')
    const { code, err } = await tributary(['serve', '--port', new URL(url).port], { folder: second })
    expect(err).toMatch(/port \d+ is taken\. Choose another with --port/)
    expect(code).toBe(2)
    child.kill('SIGTERM')
    await ended
  })
})
