import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { glob, open, readdir, stat } from 'node:fs/promises'
import { basename, dirname, join, relative } from 'node:path'
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

/** Endings of event files; other files of a folder are none of our business. */
const ENDING = /\.(jsonl|ndjson|json)(\.gz)?$/i

/** The files of a source, in the order of their names. A path that is not there, or may not be read, is an error. */
export async function findFiles(source: FilesSource): Promise<readonly FoundFile[]> {
  const { path } = source
  if (/[*?[{]/.test(path)) {
    const root = globRoot(path)
    const paths: string[] = []
    for await (const match of glob(path)) paths.push(match)
    return describeAll(paths.sort(), root)
  }
  const info = await stat(path).catch((error) => {
    throw unreadable(source, error)
  })
  if (!info.isDirectory()) return describeAll([path], dirname(path))
  const entries = await readdir(path, { recursive: true, withFileTypes: true }).catch((error) => {
    throw unreadable(source, error)
  })
  const paths = entries
    .filter((e) => e.isFile() && ENDING.test(e.name) && !e.name.startsWith('.'))
    .map((e) => join(e.parentPath, e.name))
  return describeAll(paths.sort(), path)
}

/** The longest leading part of a glob without wildcards. */
function globRoot(pattern: string): string {
  let root = pattern
  while (/[*?[{]/.test(root)) root = dirname(root)
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
    const item = relative(root, path).replaceAll('\\', '/') || basename(path)
    try {
      const info = await stat(path, { bigint: true })
      if (!info.isFile()) continue
      found.push({
        path,
        item,
        bytes: Number(info.size),
        modifiedMicros: info.mtimeNs / 1000n,
        isGzip: await isGzip(path),
        problem: null,
      })
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      const problem = code === 'EACCES' || code === 'EPERM' ? 'no permission to read it' : message
      found.push({ path, item, bytes: 0, modifiedMicros: 0n, isGzip: false, problem })
    }
  }
  return found
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
