import { gunzipSync } from 'node:zlib'
import { notBuilt, notFound, ServiceError } from './errors.ts'
import { checkNames } from './script.ts'
import { type Column, keyOf, type Row, type Store } from './store.ts'
import { columnOf, fromWire } from './values.ts'
import type { Message } from './zetasql.ts'

/** Puts the rows of an uploaded file of JSON lines into a table, all or none. Returns how many. */
export function load(store: Store, configuration: Message, project: string, media: Buffer): number {
  const place = placeOf(configuration.destinationTable, project)
  if (configuration.sourceFormat !== 'NEWLINE_DELIMITED_JSON') throw notBuilt(`loads of ${configuration.sourceFormat}`)
  if (!store.datasets.has(`${place.project}.${place.dataset}`)) {
    throw notFound(`Dataset ${place.project}:${place.dataset}`)
  }
  const existing = store.get(keyOf(place))
  if (!existing && configuration.createDisposition === 'CREATE_NEVER') {
    throw notFound(`Table ${place.project}:${place.dataset}.${place.name}`)
  }
  const isReplaced = configuration.writeDisposition === 'WRITE_TRUNCATE'
  const columns: readonly Column[] = configuration.schema?.fields.map(columnOf) ?? existing?.columns ?? []
  checkNames(columns)
  if (existing && !isReplaced) checkSame(columns, existing.columns)
  const rows = rowsIn(media, existing && !isReplaced ? existing.columns : columns)
  const kept = isReplaced ? [] : (existing?.rows ?? [])
  const layout = existing ? { ...existing } : {}
  store.put({
    ...place,
    ...layout,
    ...(existing ? {} : store.expiry(place)),
    columns: existing && !isReplaced ? existing.columns : columns,
    rows: [...kept, ...rows],
  })
  return rows.length
}

const placeOf = (table: Message, project: string) => ({
  project: table.projectId ?? project,
  dataset: table.datasetId,
  name: table.tableId,
})

function checkSame(given: readonly Column[], wanted: readonly Column[]): void {
  for (const { name, type } of given) {
    const column = wanted.find((c) => c.name === name)
    if (column?.type !== type) {
      throw new ServiceError(
        400,
        'invalid',
        `Provided Schema does not match Table: field ${name} is ${column?.type ?? 'missing'}`,
      )
    }
  }
}

function rowsIn(media: Buffer, columns: readonly Column[]): Row[] {
  const bytes = media[0] === 0x1f && media[1] === 0x8b ? gunzipSync(media) : media
  const rows: Row[] = []
  for (let from = 0; from < bytes.length; ) {
    const end = bytes.indexOf(10, from)
    const line = bytes.toString('utf8', from, end < 0 ? bytes.length : end)
    from = end < 0 ? bytes.length : end + 1
    if (line.trim() !== '') rows.push(rowOf(line, columns))
  }
  return rows
}

function rowOf(line: string, columns: readonly Column[]): Row {
  const refuse = (why: string) =>
    new ServiceError(
      400,
      'invalid',
      `Error while reading data, error message: JSON processing encountered too many errors, giving up. ${why}`,
    )
  let values: Record<string, unknown>
  try {
    values = JSON.parse(line) as Record<string, unknown>
  } catch {
    throw refuse('A line is no JSON.')
  }
  const unknown = Object.keys(values).find((name) => !columns.some((c) => c.name === name))
  if (unknown !== undefined) throw refuse(`No such field: ${unknown}.`)
  return columns.map(({ name, type, isRequired }) => {
    const cell = fromWire(values[name], type)
    if (isRequired && Object.keys(cell).length === 0)
      throw refuse(`Only optional fields can be set to NULL. Field: ${name}`)
    return cell
  })
}
