import { type Sql, sql } from '../warehouses/sql.ts'
import type { TableSpec } from '../warehouses/warehouse.ts'
import { defineStage, fedBy, insertInto, quarterHour, type StageContext } from './stage.ts'
import { channelStats, credits as creditsTable, RULE_MODELS, touches as touchesTable } from './tables/people.ts'
import { OPEN_RUN } from './tables/table.ts'
import { closed, opened } from './versions.ts'

/** `channel_stats`: what the opened and closed touches and credits add and take away. */
export const rollups = defineStage({
  name: 'rollups',
  does: 'deltas of the quick look-ups for what changed',
  reads: [],
  writes: ['channel_stats'],
  result: 'channel_stats_new',

  steps: (c) => {
    const measures = RULE_MODELS.flatMap((m) => [`${m}_credit`, `${m}_revenue`])
    const group = sql`company_id, bucket_at, date_by, channel, source, medium, campaign, conversion, currency`
    const sums = ['touches', 'sessions', ...measures].map((name) => sql`sum(${sql.id(name)}) as ${sql.id(name)}`)
    return [
      {
        into: 'channel_stats_new',
        select: sql`
with deltas as (
    ${sql.join(
      [
        ...(c.isQuiet
          ? []
          : [
              touchDeltas(c, sql.staging(opened(touchesTable)), 1),
              touchDeltas(c, sql.staging(closed(touchesTable)), -1),
              ...(['touch', 'conversion'] as const).flatMap((dateBy) => [
                creditDeltas(c, sql.staging(opened(creditsTable)), dateBy, 1),
                creditDeltas(c, sql.staging(closed(creditsTable)), dateBy, -1),
              ]),
            ]),
        ...(c.recompute.rollups ? corrections(c) : []),
        ...(c.options.companies ? [ofCompanies] : []),
      ],
      '\n    union all\n    ',
    )}
)

select ${group}, ${sql.join(sums)}, ${c.run} as run_id
from deltas as d
group by ${group}
having ${sql.join(
          ['touches', 'sessions', ...measures].map((name) => sql`sum(d.${sql.id(name)}) <> 0`),
          ' or ',
        )}
`,
      },
    ]
  },

  publish: (c) =>
    fedBy(c, 'channel_stats_new', insertInto('channel_stats', Object.keys(channelStats.columns), 'channel_stats_new')),
})

/** What companies have that the sums lack: the stage before says it. */
const ofCompanies = sql`select
        company_id, bucket_at, date_by, channel, source, medium, campaign, conversion, currency,
        touches, sessions, ${sql.join(RULE_MODELS.flatMap((m) => [`${m}_credit`, `${m}_revenue`]))}
    from ${sql.staging('company_stats_new')}`

/** What the sums stored so far lack of the rows that were current before the run. */
function corrections(c: StageContext): readonly Sql[] {
  const current = (spec: TableSpec) => sql`(select * from ${sql.table(spec.name)} where to_run = ${OPEN_RUN})`
  const measures = ['touches', 'sessions', ...RULE_MODELS.flatMap((m) => [`${m}_credit`, `${m}_revenue`])]
  return [
    touchDeltas(c, current(touchesTable), 1),
    creditDeltas(c, current(creditsTable), 'touch', 1),
    creditDeltas(c, current(creditsTable), 'conversion', 1),
    sql`select
        company_id, bucket_at, date_by, channel, source, medium, campaign, conversion, currency,
        ${sql.join(measures.map((name) => sql`-${sql.id(name)} as ${sql.id(name)}`))}
    from ${sql.table('channel_stats')}
    where company_id = ''`,
  ]
}

function touchDeltas(c: StageContext, from: Sql, sign: 1 | -1): Sql {
  const zero = RULE_MODELS.map((m) => sql`0 as ${sql.id(`${m}_credit`)}, 0 as ${sql.id(`${m}_revenue`)}`)
  return sql`select
        '' as company_id, ${quarterHour(c.d, 'touched_at')} as bucket_at, 'touch' as date_by, channel, source, medium, campaign,
        '' as conversion, ${c.d.cast(sql`null`, 'string')} as currency,
        ${sign} as touches, case when is_entry then ${sign} else 0 end as sessions, ${sql.join(zero)}
    from ${from} as r`
}

function creditDeltas(c: StageContext, from: Sql, dateBy: 'touch' | 'conversion', sign: 1 | -1): Sql {
  const signed = RULE_MODELS.flatMap((m) => [
    sql`${sign} * ${sql.id(`${m}_credit`)} as ${sql.id(`${m}_credit`)}`,
    sql`${sign} * coalesce(${sql.id(`${m}_revenue`)}, 0) as ${sql.id(`${m}_revenue`)}`,
  ])
  return sql`select
        '' as company_id, ${quarterHour(c.d, dateBy === 'touch' ? 'touched_at' : 'converted_at')} as bucket_at, ${dateBy} as date_by, channel, source, medium, campaign,
        conversion, currency,
        0 as touches, 0 as sessions, ${sql.join(signed)}
    from ${from} as r`
}
