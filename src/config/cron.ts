const months = 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ')
const days = 'sun mon tue wed thu fri sat'.split(' ')

/** The five fields of a schedule; a name counts as its place in the list. */
const fields: readonly { least: number; most: number; names: readonly string[] }[] = [
  { least: 0, most: 59, names: [] },
  { least: 0, most: 23, names: [] },
  { least: 1, most: 31, names: [] },
  { least: 1, most: 12, names: months },
  { least: 0, most: 7, names: days },
]

/** Is this cron text of five fields: `*`, numbers, names, ranges, lists and steps? */
export function isCron(text: string): boolean {
  const parts = text.trim().split(/\s+/)
  return (
    parts.length === fields.length &&
    parts.every((part, i) => part.split(',').every((item) => isItem(item, fields[i]!)))
  )
}

function isItem(item: string, field: (typeof fields)[number]): boolean {
  const match = /^(\*|(\w+)(?:-(\w+))?)(?:\/(\d+))?$/.exec(item.toLowerCase())
  if (!match) return false
  const [, , first, last, step] = match
  if (step !== undefined && (Number(step) < 1 || Number(step) > field.most)) return false
  if (first === undefined) return true
  const from = placeOf(first, field)
  const to = last === undefined ? from : placeOf(last, field)
  return from >= field.least && to <= field.most && from <= to
}

function placeOf(text: string, { least, names }: (typeof fields)[number]): number {
  if (/^\d+$/.test(text)) return Number(text)
  const place = names.indexOf(text)
  return place < 0 ? Number.NaN : place + least
}
