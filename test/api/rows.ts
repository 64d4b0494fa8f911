import { credits, RULE_MODELS, touches } from '../../src/pipeline/tables/people.ts'
import { OPEN_RUN } from '../../src/pipeline/tables/table.ts'
import type { ColumnSpec, Row, RowValue, TableSpec } from '../../src/warehouses/warehouse.ts'

const NOTHING: Readonly<Record<ColumnSpec['type'], RowValue>> = {
  string: '',
  integer: 0,
  float: 0,
  boolean: false,
  timestamp: '1970-01-01T00:00:00.000000Z',
}

/** A complete row from the columns that matter; by default of run 1 and still current. */
export function rowOf(table: TableSpec, values: Row): Row {
  const defaults = Object.entries(table.columns).map(([name, c]) => [name, c.nullable ? null : NOTHING[c.type]])
  return { ...Object.fromEntries(defaults), ...(table.versioned ? { from_run: 1, to_run: OPEN_RUN } : {}), ...values }
}

/** `2025-01-01T10:00` → the time of a row. */
export const at = (time: string) =>
  `${time}${time.length === 16 ? ':00' : ''}.000000Z`.replace(/(\.\d+)\.000000Z$/, '$1Z')

/** The deltas that the pipeline would have written for these rows, run by run. */
export function statsOf(touchRows: readonly Row[], creditRows: readonly Row[]): Row[] {
  return [
    ...versions(touchRows).map(({ row, run, sign }) => ({
      company_id: '',
      ...origin(row),
      bucket_at: quarter(row.touched_at),
      date_by: 'touch',
      conversion: '',
      currency: null,
      touches: sign,
      sessions: row.is_entry ? sign : 0,
      ...zeroes(),
      run_id: run,
    })),
    ...versions(creditRows).flatMap(({ row, run, sign }) =>
      (['conversion', 'touch'] as const).map((dateBy) => ({
        company_id: '',
        ...origin(row),
        bucket_at: quarter(dateBy === 'touch' ? row.touched_at : row.converted_at),
        date_by: dateBy,
        conversion: row.conversion as string,
        currency: row.currency as string | null,
        touches: 0,
        sessions: 0,
        ...Object.fromEntries(
          ['credit', 'revenue'].flatMap((k) =>
            RULE_MODELS.map((m) => [`${m}_${k}`, sign * Number(row[`${m}_${k}`] ?? 0)]),
          ),
        ),
        run_id: run,
      })),
    ),
  ]
}

function versions(rows: readonly Row[]) {
  return rows.flatMap((row) => [
    { row, run: Number(row.from_run), sign: 1 },
    ...(row.to_run === OPEN_RUN ? [] : [{ row, run: Number(row.to_run), sign: -1 }]),
  ])
}

const origin = (row: Row) =>
  Object.fromEntries(['channel', 'source', 'medium', 'campaign'].map((k) => [k, row[k] ?? null]))
const zeroes = () => Object.fromEntries(['credit', 'revenue'].flatMap((k) => RULE_MODELS.map((m) => [`${m}_${k}`, 0])))
const quarter = (time: RowValue | undefined) =>
  new Date(Math.floor(Date.parse(String(time)) / 900_000) * 900_000).toISOString().replace('Z', '000Z')

/** Credits of one conversion: the first touch, the last one, and equal shares, over these touches. */
export function creditsFor(conversion: Row, considered: readonly Row[]): Row[] {
  const n = considered.length
  if (n === 0) return [creditRow(conversion, null, 0, 0, Object.fromEntries(RULE_MODELS.map((m) => [m, 1e9])))]
  return considered.map((touch, i) => {
    const first = i === 0 ? 1e9 : 0
    const last = i === n - 1 ? 1e9 : 0
    const linear = Math.floor(1e9 / n) + (i === n - 1 ? 1e9 - n * Math.floor(1e9 / n) : 0)
    const shares = {
      first_touch: first,
      last_touch: last,
      last_non_direct: last,
      first_paid: first,
      last_paid: last,
      linear,
    }
    return creditRow(conversion, touch, i + 1, n, shares)
  })
}

/** The share of a value, cut; the last touch gets the rest, as all touches here weigh the same or nothing. */
function revenueOf(value: number | null, billionths: number, isLast: boolean): number | null {
  if (value === null) return null
  if (billionths === 0 || billionths === 1e9) return billionths === 0 ? 0 : value
  const n = Math.round(1e9 / billionths)
  const part = Math.floor(value / n)
  return isLast ? value - part * (n - 1) : part
}

function creditRow(
  conversion: Row,
  touch: Row | null,
  position: number,
  count: number,
  shares: Record<string, number>,
): Row {
  const value = conversion.value === null ? null : Number(conversion.value)
  return rowOf(credits, {
    conversion_id: conversion.conversion_id!,
    conversion: conversion.conversion!,
    person_id: conversion.person_id!,
    converted_at: conversion.converted_at!,
    currency: conversion.currency!,
    from_run: conversion.from_run!,
    to_run: conversion.to_run!,
    touch_id: touch?.touch_id ?? '',
    touched_at: touch?.touched_at ?? conversion.converted_at!,
    ...(touch ? origin(touch) : { channel: 'Unattributed' }),
    position,
    touch_count: count,
    ...Object.fromEntries(RULE_MODELS.map((m) => [`${m}_credit`, shares[m]!])),
    ...Object.fromEntries(RULE_MODELS.map((m) => [`${m}_revenue`, revenueOf(value, shares[m]!, position === count)])),
  })
}

/** An entry touch of a session. */
export function entryOf(session: Row, values: Row): Row {
  return rowOf(touches, {
    touch_id: session.session_id!,
    session_id: session.session_id!,
    person_id: session.person_id!,
    touched_at: session.started_at!,
    order_key: `${session.started_at} 0 ${session.session_id}`,
    is_entry: true,
    rule_id: 'test',
    evidence: 'test',
    from_run: session.from_run!,
    to_run: session.to_run!,
    ...values,
  })
}
