import { currencyDigits } from '../pipeline/currencies.ts'
import { normaliseName } from '../pipeline/incoming.ts'
import { orderKey } from '../pipeline/order.ts'
import { atomColumns, type StageContext } from '../pipeline/stage.ts'
import { boolean, nullable, text, time } from '../pipeline/tables/table.ts'
import { conversionValues } from '../pipeline/values.ts'
import { sql } from '../warehouses/sql.ts'
import type { Row, Warehouse } from '../warehouses/warehouse.ts'
import type { Events } from './evidence.ts'
import { type Counted, count, type Finding, listed, plural, share } from './report.ts'
import { similar } from './similar.ts'

/** Of each conversion the latest so many are looked at. */
const MOST_EVENTS = 1000

const NUMBER = /^[+-]?(\d+([.]\d*)?|[.]\d+)$/

const BATCH = {
  anonymous_id: text('Device.'),
  user_id: text('User.'),
  is_in_session: boolean('In session.'),
  event_key: text('Key.'),
  order_key: text('Order.'),
  occurred_at: time('When.'),
  type: text('Type.'),
  event_name: text('Name.'),
  group_id: text('Company.', nullable),
  properties: text('Properties.', nullable),
  is_stripped: boolean('They were too large to keep.'),
}

/** Do the conversions that have a value find it, as a number and in a currency? Found out with the pipeline's own SQL. */
export async function checkValues(events: Events, scratch: Warehouse, c: StageContext): Promise<readonly Finding[]> {
  const findings: Finding[] = []
  for (const [name, conversion] of Object.entries(c.options.conversions)) {
    if (conversion.value === null) continue
    const rows = await latest(events, conversion.events.map(normaliseName))
    if (rows.length === 0) continue
    await scratch.loadStaging('batch', BATCH, rows)
    const only = { ...c, options: { ...c.options, conversions: { [name]: conversion } } }
    for (const step of conversionValues(only, sql.staging('batch'))) await scratch.stage(step.into, step.select)
    findings.push(
      ...judge(
        name,
        conversion,
        await outcomes(scratch),
        rows.map((row) => String(row.properties ?? '{}')),
      ),
    )
  }
  return findings
}

function latest({ warehouse, relation }: Events, names: readonly string[]): Promise<Row[]> {
  return warehouse.query(sql`
select ${atomColumns()}, event_key, ${orderKey(warehouse.dialect, 'e')} as order_key, occurred_at, type, event_name, group_id, properties, is_stripped
from ${relation} as e
where type = 'track' and event_name in (${sql.values(names)})
order by order_key desc
limit ${MOST_EVENTS}
`)
}

/** How many values could be used, were absent, or could not be used, by the reason. */
type Outcomes = Readonly<Record<string, number>>

async function outcomes(scratch: Warehouse): Promise<Outcomes> {
  const rows = await scratch.query<Row & { outcome: string; events: number }>(sql`
select coalesce(value_problem, case when value is null then 'ABSENT' else 'GOOD' end) as outcome, count(*) as events
from ${sql.staging('conversion_candidates_new')}
group by coalesce(value_problem, case when value is null then 'ABSENT' else 'GOOD' end)
`)
  return Object.fromEntries(rows.map(({ outcome, events }) => [outcome, events]))
}

const reasons: Readonly<Record<string, string>> = {
  ABSENT: 'have none',
  NOT_A_NUMBER: 'have one that is no decimal number',
  OUT_OF_RANGE: 'have one that is too large',
  UNKNOWN_CURRENCY: 'have a currency that ISO 4217 does not know',
  PROPERTIES_NOT_KEPT: 'had properties too large to keep',
}

function judge(
  name: string,
  { value, currency, defaultCurrency }: StageContext['options']['conversions'][string],
  found: Outcomes,
  properties: readonly string[],
): readonly Finding[] {
  const total = Object.values(found).reduce((sum, n) => sum + n, 0)
  const bad = total - (found.GOOD ?? 0)
  const of = `the latest ${plural(total, 'event')} of \`${name}\``
  if (bad === 0) return currencyNote(name, currency, defaultCurrency, properties)
  const parts = Object.entries(reasons).flatMap(([reason, words]) =>
    found[reason] ? [`${count(found[reason])} ${words}`] : [],
  )
  const isFit = (text: string) => Object.hasOwn(currencyDigits, text.trim().toUpperCase())
  const examples = [
    ...(found.NOT_A_NUMBER ? [unfit(properties, value!, (text) => NUMBER.test(text.trim()))] : []),
    ...(found.UNKNOWN_CURRENCY && currency !== null ? [unfit(properties, currency, isFit)] : []),
  ].join('')
  const others = numericProperties(properties).filter((other) => other.value !== value)
  const near = similar(
    value ?? '',
    others.map((other) => ({ ...other, name: other.value })),
  ).slice(0, 3)
  const advice =
    (found.ABSENT ?? 0) === total && others.length > 0
      ? `Properties of these events that hold numbers: ${listed(near.length > 0 ? near : others.slice(0, 5))}. Set \`conversions.${name}.value\` to the right one.`
      : 'These conversions count, without a value. Mend what sends them, or name other properties.'
  return [
    {
      severity: bad / total > 0.05 ? 'warning' : 'note',
      subject: `conversions.${name}.${found.UNKNOWN_CURRENCY === bad ? 'currency' : 'value'}`,
      message: `Of ${of}, ${share(bad, total)} have no usable value in \`${value}\`: ${parts.join(', ')}.${examples}`,
      fix: advice,
    },
  ]
}

/** All values are good, but of what currency they are is assumed. */
function currencyNote(
  name: string,
  currency: string | null,
  defaultCurrency: string,
  properties: readonly string[],
): readonly Finding[] {
  const has = currency === null ? 0 : properties.filter((text) => at(text, currency) !== undefined).length
  if (currency !== null && has === properties.length) return []
  const message =
    currency === null
      ? `No property with the currency is named, so every value of \`${name}\` counts as ${defaultCurrency}.`
      : `${count(properties.length - has)} of ${plural(properties.length, 'event')} of \`${name}\` have no \`${currency}\` and count as ${defaultCurrency}.`
  return [
    {
      severity: 'note',
      subject: `conversions.${name}.currency`,
      message,
      fix: `Right if all of them are in ${defaultCurrency}; else set \`currency\` or \`defaultCurrency\`.`,
    },
  ]
}

/** A property by its name, or its path with points. */
function at(text: string, path: string): unknown {
  const value = path.split('.').reduce<unknown>((object, key) => {
    return typeof object === 'object' && object !== null ? (object as Record<string, unknown>)[key] : undefined
  }, parse(text))
  return value === null || value === '' ? undefined : value
}

/** Some of the values that do not fit. */
function unfit(properties: readonly string[], path: string, isFit: (text: string) => boolean): string {
  const seen = properties.flatMap((text) => {
    const value = at(text, path)
    return value === undefined || isFit(String(value)) ? [] : [`\`${JSON.stringify(value).slice(0, 40)}\``]
  })
  return ` \`${path}\` holds, for example, ${[...new Set(seen)].slice(0, 3).join(', ')}.`
}

function numericProperties(properties: readonly string[]): readonly Counted[] {
  const counts = new Map<string, number>()
  for (const text of properties)
    for (const [key, value] of Object.entries((parse(text) as object | null) ?? {}))
      if (NUMBER.test(String(value).trim())) counts.set(key, (counts.get(key) ?? 0) + 1)
  return [...counts].map(([value, n]) => ({ value, count: n })).sort((a, b) => b.count - a.count)
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
