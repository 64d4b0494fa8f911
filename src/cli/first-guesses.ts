import { readdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

const EVENTS = /\.(jsonl|ndjson)(\.gz)?$/i

/** Where events probably are: `events`, or a folder near by that holds event files. */
export async function guessEvents(folder: string): Promise<string> {
  const names: string[] = await readdir(folder).catch(() => [])
  return names.includes('events') ? 'events' : ((await folderWithEvents(folder, '', 2)) ?? 'events')
}

async function folderWithEvents(root: string, path: string, depth: number): Promise<string | null> {
  const entries = await readdir(join(root, path), { withFileTypes: true }).catch(() => [])
  if (entries.some((entry) => entry.isFile() && EVENTS.test(entry.name))) return path === '' ? '.' : path
  if (depth === 0) return null
  for (const entry of entries.filter((e) => e.isDirectory() && !/^\.|^node_modules$/.test(e.name))) {
    const found = await folderWithEvents(root, join(path, entry.name), depth - 1)
    if (found !== null) return found
  }
  return null
}

/** `tributary.config.ts`, unless Node would take it for CommonJS there: then `.mjs`, which is a module anywhere. */
export async function defaultConfigFile(folder: string): Promise<string> {
  return (await isCommonJs(folder)) ? 'tributary.config.mjs' : 'tributary.config.ts'
}

/** Does the nearest package.json say so? One without `type` leaves it to Node, which looks at the file. */
async function isCommonJs(folder: string): Promise<boolean> {
  const text = await readFile(join(folder, 'package.json'), 'utf8').catch(() => null)
  if (text === null) return dirname(folder) === folder ? false : isCommonJs(dirname(folder))
  try {
    return JSON.parse(text).type === 'commonjs'
  } catch {
    return false
  }
}

/** The host of what somebody may have copied from the browser: `acme.com` of `https://acme.com/pricing`. */
export const siteFrom = (text: string): string =>
  text
    .trim()
    .replace(/^[a-z]+:\/\//i, '')
    .replace(/[/?#].*$/, '')
    .replace(/:\d+$/, '')
    .replace(/^\*?\./, '')
