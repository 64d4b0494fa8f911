import { once } from 'node:events'
import { finished } from 'node:stream/promises'
import { gunzipSync } from 'node:zlib'
import type pg from 'pg'
import { from } from 'pg-copy-streams'

/** Objects of S3, by `bucket/key`. */
export type Objects = ReadonlyMap<string, Buffer>

/** A COPY as we write it; whatever else Redshift takes is not known here. */
const COPY =
  /^\s*copy\s+(\S+\s*\([^)]+\))\s+from\s+'s3:\/\/([^']+)'\s+iam_role\s+(?:default|'arn:aws:iam::\d{12}:role\/[^']+')\s+manifest(?:\s+region\s+'[a-z0-9-]+')?\s+format\s+as\s+csv\s+gzip\s+null\s+as\s+'([^']+)'\s+timeformat\s+'auto'\s+compupdate\s+off\s+statupdate\s+off\s*$/i

export interface Copy {
  /** The table and its columns. */
  readonly target: string
  readonly manifest: string
  readonly marker: string
}

/** The parts of a COPY; null when the statement is none. */
export function copyOf(sql: string): Copy | null {
  if (!/^\s*copy\s/i.test(sql)) return null
  const [, target, manifest, marker] = COPY.exec(sql) ?? []
  if (!target || !manifest || !marker) throw new Error('syntax error at or near "copy"')
  return { target, manifest, marker }
}

/** Rows of the files of a manifest into a table, by Postgres' own COPY; `target` as Postgres takes it. */
export async function copyFiles(client: pg.ClientBase, objects: Objects, copy: Copy): Promise<void> {
  const manifest = objects.get(copy.manifest)
  if (!manifest) throw new Error(`The specified S3 prefix '${copy.manifest}' does not exist`)
  const { entries } = JSON.parse(manifest.toString('utf8')) as { entries: { url: string; mandatory: boolean }[] }
  for (const { url } of entries) {
    const file = objects.get(url.replace('s3://', ''))
    if (!file) throw new Error(`Mandatory url is not present in manifest: ${url}`)
    const into = client.query(from(`copy ${copy.target} from stdin (format csv, null '${copy.marker}')`))
    if (!into.write(gunzipSync(file))) await once(into, 'drain')
    into.end()
    await finished(into)
  }
}
