import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'

/**
 * Puts `text` in place at once, or leaves the file alone when it holds the same: a changed file would be read again by
 * the pipeline. What counts is the text, because another zlib may pack the same text into other bytes. True when written.
 */
export async function replaceFile(path: string, text: string, scratch: string): Promise<boolean> {
  const isPacked = path.endsWith('.gz')
  const content = Buffer.from(text)
  const existing = await readIfThere(path, isPacked)
  if (existing?.equals(content)) return false
  const draft = join(scratch, 'draft')
  await writeFile(draft, isPacked ? await promisify(gzip)(content) : content)
  await rename(draft, path)
  return true
}

/** The file's text, or null when there is none or it cannot be unpacked. */
async function readIfThere(path: string, isPacked: boolean): Promise<Buffer | null> {
  try {
    const bytes = await readFile(path)
    return isPacked ? await promisify(gunzip)(bytes) : bytes
  } catch {
    return null
  }
}
