import { basename } from 'node:path'

/** The last part of a path that is no pattern, without ending: `events` of `./events/*.jsonl` and of `events.jsonl.gz`. */
export function nameFromPath(path: string): string {
  const parts = path.split(/[\\/]/).filter((part) => !/^\.*$/.test(part) && !/[*?[\]{}]/.test(part))
  const name = basename(parts.at(-1) ?? '').replace(/\.(jsonl?|ndjson)?(\.gz)?$/i, '')
  return name.replaceAll(/[^a-zA-Z0-9_.-]/g, '_').replace(/^[^a-zA-Z0-9]+/, '') || 'files'
}
