import { createHash } from 'node:crypto'
import { foldCase } from './url.ts'

/** ASCII lower case, runs of other characters than letters and digits as `_`, none at either end; null when nothing is left. */
export function normaliseName(name: string): string | null {
  const normalised = foldCase(name)
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_|_$/g, '')
  return normalised === '' ? null : normalised
}

/** Lower-case hex md5 of the parts as UTF-8, with the unit separator between them. */
export function md5(...parts: string[]): string {
  return createHash('md5').update(parts.join('\u001f'), 'utf8').digest('hex')
}
