import { sql } from '../../warehouses/sql.ts'
import type { Row } from '../../warehouses/warehouse.ts'
import { classifyTouches } from '../channels/classify.ts'
import { currencyDigits } from '../currencies.ts'
import type { StageContext, Step } from '../stage.ts'
import { adSpend } from '../tables/spend.ts'
import { integer, nullable, text } from '../tables/table.ts'
import { compareVersions } from '../versions.ts'
import type { SpendLine } from './read-spend.ts'

const PASSED = ['import_name', 'day', 'currency', 'cost', 'digits', 'clicks', 'impressions']
/** What touches are made of and spend has not. */
const ABSENT = ['utm_content', 'utm_term', 'click_id', 'referrer_host', 'page_url']

/** Columns of the staging table `spend_lines`. */
export const SPEND_LINES = {
  import_name: text('Name of the import.', nullable),
  day: text('Day.'),
  currency: text('Currency.'),
  cost: text('Decimal text.'),
  digits: integer('Digits of the currency.'),
  clicks: integer('Clicks.', nullable),
  impressions: integer('Impressions.', nullable),
  utm_source: text('Source.'),
  utm_medium: text('Medium.', nullable),
  utm_campaign: text('Campaign.', nullable),
  ...Object.fromEntries(ABSENT.map((name) => [name, text('Always null.', nullable)])),
}

/** A line as a row of `spend_lines`. */
export const toRow = (name: string | null, { source, medium, campaign, ...line }: SpendLine): Row => ({
  ...line,
  import_name: name,
  digits: currencyDigits[line.currency] ?? 2,
  utm_source: source,
  utm_medium: medium,
  utm_campaign: campaign,
  ...Object.fromEntries(ABSENT.map((column) => [column, null])),
})

/** From lines to rows of `ad_spend`, and what of the table they replace: the days they hold, import by import. */
export function spendSteps(c: StageContext): readonly Step[] {
  const { d } = c
  const group = sql`import_name, day, source, medium, campaign, currency`
  const sum = (column: string) => sql`${d.cast(sql`sum(${sql.id(column)})`, 'integer')} as ${sql.id(column)}`
  return [
    {
      into: 'spend_named',
      // The rules do not matter: only source, medium and campaign are taken, as touches have them.
      select: classifyTouches(d, sql.staging('spend_lines'), PASSED, [], {
        hosts: sql.table('channel_hosts'),
        sources: sql.table('channel_sources'),
        clickIds: sql.table('channel_click_ids'),
      }),
    },
    {
      into: 'ad_spend_rows',
      select: sql`
with amounts as (
    select
        coalesce(import_name, source) as import_name, day, source, medium, campaign, currency,
        ${d.decimalToInteger('cost', 'digits')} as cost, clicks, impressions
    from ${sql.staging('spend_named')}
),

summed as (
    select ${group}, ${sum('cost')}, ${sum('clicks')}, ${sum('impressions')}
    from amounts
    group by ${group}
)

select
    ${d.surrogateKey(['import_name', 'day', 'source', 'medium', 'campaign', 'currency'])} as ad_spend_id,
    ${group}, cost, clicks, impressions
from summed
`,
    },
    ...compareVersions(c, {
      spec: adSpend,
      rows: 'ad_spend_rows',
      scope: {
        where: sql`(t.import_name || ${'\u001f'} || t.day) in (
    select import_name || ${'\u001f'} || day from ${sql.staging('ad_spend_rows')}
)`,
      },
    }),
  ]
}
