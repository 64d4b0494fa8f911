import { basename } from 'node:path'

/** The name of a source: its own, else the last part of its path, or its schema. */
export function nameOfSource(
  source: { readonly name?: string | undefined } & (
    | { readonly kind: 'files'; readonly path: string }
    | { readonly kind: 'segment' | 'rudderstack'; readonly schema: string }
  ),
): string {
  return source.name ?? (source.kind === 'files' ? nameFromPath(source.path) : source.schema)
}

/** The last part of a path that is no pattern, without ending: `events` of `./events/*.jsonl` and of `events.jsonl.gz`. */
function nameFromPath(path: string): string {
  const parts = path.split(/[\\/]/).filter((part) => !/^\.*$/.test(part) && !/[*?[\]{}]/.test(part))
  const name = basename(parts.at(-1) ?? '').replace(/\.(jsonl?|ndjson|csv|parquet)?(\.gz)?$/i, '')
  return name.replaceAll(/[^a-zA-Z0-9_.-]/g, '_').replace(/^[^a-zA-Z0-9]+/, '') || 'files'
}
