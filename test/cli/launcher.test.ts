import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from './folder.ts'
import { start, tributary } from './tributary.ts'

/** A module that Node loads before the launcher. */
const preloaded = (code: string) => ['--import', `data:text/javascript,${encodeURIComponent(code)}`]

/** A configuration that tells about the process that reads it, and then waits. */
const telling = `
console.log(JSON.stringify({ pid: process.pid, threads: process.env.UV_THREADPOOL_SIZE }))
await new Promise((resolve) => setTimeout(resolve, 20_000))
`

async function reader(options: { env?: Record<string, string>; nodeArgs?: string[] } = {}) {
  const folder = await temporaryFolder()
  await writeFile(join(folder, 'tributary.config.mjs'), telling)
  const started = start(['status'], { folder, ...options })
  const [said] = await started.says(/\{.*\}/)
  return { ...started, ...(JSON.parse(said) as { pid: number; threads: string }) }
}

describe('an older Node', () => {
  it.each(['20.20.2', '22.17.1', '18.0.0'])('%s gets one clear line', async (version) => {
    const pretend = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } })`
    const ended = await tributary(['run'], { folder: await temporaryFolder(), nodeArgs: preloaded(pretend) })
    expect(ended.err).toBe(
      `tributary needs Node 22.18 or newer, but this is Node ${version}. Install a newer one from https://nodejs.org.\n`,
    )
    expect(ended).toMatchObject({ code: 1, out: '' })
  })
})

describe('threads', () => {
  it('are 16, in the process that was started, which signals reach', async () => {
    const { child, ended, pid, threads } = await reader()
    expect(threads).toBe('16')
    expect(pid).toBe(child.pid)
    child.kill('SIGTERM')
    expect(await ended).toMatchObject({ signal: 'SIGTERM' })
  })

  it('are more when the user says so', async () => {
    const { child, ended, threads } = await reader({ env: { UV_THREADPOOL_SIZE: '64' } })
    expect(threads).toBe('64')
    child.kill('SIGKILL')
    await ended
  })

  it('are 16 when the user says fewer', async () => {
    const { child, ended, threads } = await reader({ env: { UV_THREADPOOL_SIZE: '2' } })
    expect(threads).toBe('16')
    child.kill('SIGKILL')
    await ended
  })

  it('are 16 in a child where a process cannot be replaced, and signals and exit codes pass through', async () => {
    const { child, ended, pid, threads } = await reader({ nodeArgs: preloaded('delete process.execve') })
    expect(threads).toBe('16')
    expect(pid).not.toBe(child.pid)
    child.kill('SIGTERM')
    expect(await ended).toMatchObject({ code: 143 })
    const usage = await tributary(['nonsense'], {
      folder: await temporaryFolder(),
      nodeArgs: preloaded('delete process.execve'),
    })
    expect(usage.code).toBe(2)
  })

  it('no warning of Node shows', async () => {
    const folder = await temporaryFolder()
    await writeFile(
      join(folder, 'tributary.config.ts'),
      'const sites: string[] = []\nexport default { sites, sources: [] }',
    )
    const { err, code } = await tributary(['status'], { folder })
    expect(err).toMatch(
      /^.*tributary\.config\.ts has a problem:\n {2}- `sources`: expected at least one source, but got an empty list\.\n$/,
    )
    expect(code).toBe(2)
  })
})
