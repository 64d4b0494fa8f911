import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { glob, open, readdir, stat } from 'node:fs/promises'
import { basename, dirname, join, relative, sep } from 'node:path'
import { TributaryError } from '../../errors.ts'
import type { FilesSource } from '../options.ts'

/** A file of a source as it is on disk now. */
export interface FoundFile {
  readonly path: string
  /** Relative to the source's folder, with `/`; names it in watermarks and quarantine. */
  readonly item: string
  readonly bytes: number
  /** Microseconds since 1970. */
  readonly modifiedMicros: bigint
  readonly isGzip: boolean
  /** Why it cannot be read, when that shows already. */
  readonly problem: string | null
}

/** Endings of event files. */
const ENDING = /\.((jsonl|ndjson|json|csv)(\.gz)?|parquet)$/i

/** What lies at the path of a source. */
export interface FoundFiles {
  readonly files: readonly FoundFile[]
  /** Names of files in a folder with other endings: they are not read. */
  readonly skipped: readonly string[]
}

/** The files of a source, in the order of their names. A path that is not there, or may not be read, is an error. */
export async function findFiles(source: FilesSource): Promise<FoundFiles> {
  const { path } = source
  const info = await stat(path).catch((error) => {
    if (error.code === 'ENOENT' && WILDCARD.test(path)) return null
    throw unreadable(source, error)
  })
  if (info === null) return { files: await findMatches(source), skipped: [] }
  if (!info.isDirectory()) return { files: await describeAll([path], dirname(path)), skipped: [] }
  const entries = await readdir(path, { recursive: true, withFileTypes: true }).catch((error) => {
    throw unreadable(source, error)
  })
  const present = entries.filter((e) => (e.isFile() || e.isSymbolicLink()) && !e.name.startsWith('.'))
  const paths = present.filter((e) => ENDING.test(e.name)).map((e) => join(e.parentPath, e.name))
  return {
    files: await describeAll(paths.sort(), path),
    skipped: present.filter((e) => !ENDING.test(e.name)).map((e) => e.name),
  }
}

/** The files a glob matches. The folder it begins at must be there and readable: `glob` says nothing when it is not. */
async function findMatches(source: FilesSource): Promise<readonly FoundFile[]> {
  const root = globRoot(source.path)
  await readdir(root).catch((error) => {
    throw unreadable(source, error)
  })
  const paths: string[] = []
  for await (const match of glob(source.path)) paths.push(match)
  return describeAll(paths.sort(), root)
}

/** What makes a path a glob, unless there is something of that very name. */
const WILDCARD = /[*?[{]/

/** The longest leading part of a glob without wildcards. */
function globRoot(pattern: string): string {
  let root = pattern
  while (WILDCARD.test(root)) root = dirname(root)
  return root
}

function unreadable(source: FilesSource, error: NodeJS.ErrnoException): TributaryError {
  const why =
    error.code === 'EACCES' || error.code === 'EPERM'
      ? 'there is no permission to read it'
      : error.code === 'ENOENT'
        ? 'there is nothing'
        : error.message
  return new TributaryError(
    'SOURCE_UNREADABLE',
    `Source ${source.name}: expected a file, folder or glob of event files at ${source.path}, but ${why}. Check the path and its permissions; nothing was written.`,
    { cause: error },
  )
}

async function describeAll(paths: readonly string[], root: string): Promise<readonly FoundFile[]> {
  const found: FoundFile[] = []
  for (const path of paths) {
    const item = relative(root, path).replaceAll(sep, '/') || basename(path)
    try {
      const info = await stat(path, { bigint: true })
      if (!info.isFile()) continue
      found.push({
        path,
        item,
        bytes: Number(info.size),
        modifiedMicros: changedMicros(info),
        isGzip: await isGzip(path),
        problem: null,
      })
    } catch (error) {
      found.push({ path, item, bytes: 0, modifiedMicros: 0n, isGzip: false, problem: problemOf(error) })
    }
  }
  return found
}

/** Why a file cannot be read, in words. */
export function problemOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'EACCES' || code === 'EPERM') return 'no permission to read it'
  return code === 'ENOENT' ? 'there is no such file' : message
}

/** Whether a file is still as it was listed. */
export async function isAsFound(file: FoundFile): Promise<boolean> {
  const info = await stat(file.path, { bigint: true }).catch(() => null)
  return info !== null && Number(info.size) === file.bytes && changedMicros(info) === file.modifiedMicros
}

/** A copy may keep the time of its last change; the time at which the entry itself changed nobody can set. */
function changedMicros({ mtimeNs, ctimeNs }: { mtimeNs: bigint; ctimeNs: bigint }): bigint {
  if (ctimeNs > mtimeNs) return ctimeNs / 1000n
  return mtimeNs / 1000n
}

/** By its first two bytes: loaders name gzip files as they like. */
async function isGzip(path: string): Promise<boolean> {
  const file = await open(path)
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(2), 0, 2, 0)
    return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b
  } finally {
    await file.close()
  }
}

/** SHA-256 of a file's bytes. */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk)
  return hash.digest('hex')
}
