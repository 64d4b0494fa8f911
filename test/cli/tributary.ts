import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'

const NOBODY = 65_534
const launcher = resolve('bin/tributary.js')

let isOpened = false

/** The way to this project may be closed to others (a clone in a temporary folder): opened until the tests end. */
function openTheWay(): void {
  if (isOpened) return
  isOpened = true
  for (let folder = resolve('.'); folder !== dirname(folder); folder = dirname(folder)) {
    const { mode } = statSync(folder)
    if ((mode & 0o001) !== 0) continue
    chmodSync(folder, mode | 0o001)
    process.once('exit', () => chmodSync(folder, mode))
  }
}

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly out: string
  readonly err: string
}

export interface Started {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
  /** Resolves when the output so far, both streams together, matches. */
  says(pattern: RegExp): Promise<RegExpExecArray>
}

export interface StartOptions {
  readonly folder: string
  readonly env?: Readonly<Record<string, string>>
  readonly nodeArgs?: readonly string[]
  /** The largest file it may write, in blocks of 512 bytes: what is written beyond fails, as on a full disk. */
  readonly most?: number
  /** Run as a user without rights, which only root can order. */
  readonly asNobody?: boolean
}

/** Starts the command as a user's shell would, with an environment of its own. */
export function start(args: readonly string[], options: StartOptions): Started {
  const { folder, env = {}, nodeArgs = [], most, asNobody = false } = options
  if (asNobody) openTheWay()
  const command = [process.execPath, ...nodeArgs, launcher, ...args]
  // The signal that would kill a writer at the limit is not for it: it shall see the failure.
  const limited = ['sh', '-c', `trap '' XFSZ; ulimit -f ${most}; exec "$@"`, 'sh', ...command]
  const [file, ...rest] = most === undefined ? command : limited
  const child = spawn(file!, rest, {
    cwd: folder,
    env: { PATH: process.env.PATH, ...env },
    ...(asNobody ? { uid: NOBODY, gid: NOBODY } : {}),
  })
  let out = ''
  let err = ''
  const heard = new Set<() => void>()
  const hear = () => {
    for (const listener of heard) listener()
  }
  child.stdout.on('data', (chunk) => {
    out += chunk
    hear()
  })
  child.stderr.on('data', (chunk) => {
    err += chunk
    hear()
  })
  const ended = new Promise<Ended>((resolved, rejected) => {
    child.on('error', rejected)
    child.on('close', (code, signal) => {
      resolved({ code, signal, out, err })
      hear()
    })
  })
  const says = (pattern: RegExp) =>
    new Promise<RegExpExecArray>((resolved, rejected) => {
      const look = () => {
        const match = pattern.exec(out + err)
        if (match) resolved(match)
        else if (child.exitCode !== null)
          rejected(new Error(`Expected it to say ${pattern}, but it ended: ${out}${err}`))
        else return
        heard.delete(look)
      }
      heard.add(look)
      look()
    })
  return { child, ended, says }
}

export const tributary = (args: readonly string[], options: StartOptions): Promise<Ended> => start(args, options).ended
