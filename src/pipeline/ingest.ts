import { type Sql, sql } from '../warehouses/sql.ts'
import { resolveDuplicates } from './duplicates.ts'
import { countLost } from './from-sources.ts'
import { normaliseNames, outsideHosts, parseUrls, shapeEvents } from './incoming.ts'
import { checkMessages } from './messages.ts'
import { newEvents } from './new-events.ts'
import { followReleased, isRetried, publishReleased } from './quarantine/release.ts'
import { inRanges } from './ranges.ts'
import { reviseEvents } from './revision.ts'
import { defineStage, fedBy, insertInto, type StageContext, type Step } from './stage.ts'
import { events, quarantine } from './tables/events.ts'
import { compareVersions, publishVersions } from './versions.ts'
import { LARGEST_TEXT } from './waiting.ts'

/** Reads the lines of new and changed files: `lines` and `source_files` are loaded, `agents` looked up, before. */
export const ingest = defineStage({
  name: 'ingest',
  does: 'new rows of the sources: checked, refused or accepted, duplicates resolved, exclusions marked',
  reads: ['event_ledger', 'referral_exclusions', 'user_agents', 'quarantine', 'events', 'releases'],
  writes: ['events', 'event_ledger', 'quarantine', 'releases'],
  result: newEvents,
  discards: [
    'lines',
    'retried_lines',
    'checked',
    'shaped',
    'agents',
    'outside_hosts',
    'copies',
    'contested',
    'ledger_hits',
    'outside_hosts_stored',
    'replaced',
    'revisions',
  ],

  // A rebuild on demand computes from `events`: the sources are not read, what was refused stays refused.
  steps: (c) =>
    !c.readsSources
      ? revised(c)
      : [
          outsideHosts(c),
          shapeEvents(c),
          ...resolveDuplicates(c, countOutcomes()),
          ...revised(c),
          // A changed file is read whole: what was wrong with its older version is settled. Of others only what was tried
          // again. Of a table only some rows are read: what was refused stays.
          ...compareVersions(c, {
            spec: quarantine,
            rows: 'refused',
            scope: {
              where: c.fromSources
                ? sql`1 = 1`
                : sql`(
    (t.source || ${'\u001f'} || t.file) in (
        select source || ${'\u001f'} || file from ${sql.staging('source_files')} where is_retry = 0 and is_table = 0 and problem is null
    )
    or t.quarantine_id in (select quarantine_id from ${sql.staging('refused')})
    or (t.line = 0 and (t.source || ${'\u001f'} || t.file) in (
        select source || ${'\u001f'} || file from ${sql.staging('source_files')} where is_retry = 0
    ))
    or (${isRetried(c)} and (t.source || ${'\u001f'} || t.file) in (
        select source || ${'\u001f'} || file from ${sql.staging('source_files')} where is_retry = 1
    ))
)`,
            },
            isScopeKept: true,
            ignoring: ['quarantined_at'],
          }),
          ...followReleased(c),
          ...countLost(c),
        ],

  publish: (c) => [
    ...(c.fromSources ? [sql`delete from ${sql.table('events')} where 1 = 1`] : []),
    ...(c.withdrawnRanges.length === 0 ? [] : [withdrawEvents(c)]),
    ...(c.readsSources || c.recompute.events ? [insertInto('events', Object.keys(events.columns), newEvents(c))] : []),
    ...(c.readsSources
      ? [
          ...(c.fromSources
            ? [sql`delete from ${sql.table('event_ledger')} where 1 = 1`]
            : fedBy(
                c,
                sql`(select * from ${sql.staging('ledger_changes')} where is_old = 1)`,
                sql`delete from ${sql.table('event_ledger')}
where key_hash in (select key_hash from ${sql.staging('ledger_changes')} where is_old = 1)
    and received_at >= (select min(received_at) from ${sql.staging('ledger_changes')} where is_old = 1)
    and received_at <= (select max(received_at) from ${sql.staging('ledger_changes')} where is_old = 1)
    and received_at in (select received_at from ${sql.staging('ledger_changes')} where is_old = 1)
    and exists (
    select 1 from ${sql.staging('ledger_changes')} as s
    where s.is_old = 1 and s.event_key = event_ledger.event_key and s.received_at = event_ledger.received_at
)`,
              )),
          sql`insert into ${sql.table('event_ledger')} (key_hash, event_key, received_at, last_received_at, content_hash, occurred_at)
select key_hash, event_key, received_at, last_received_at, content_hash, occurred_at
from ${sql.staging('ledger_changes')}
where is_old = 0`,
          ...publishVersions(c, quarantine),
          ...publishReleased(c),
        ]
      : []),
  ],
})

const revised = (c: StageContext) => (c.recompute.events ? reviseEvents(c) : [])

/**
 * Looks only at the times in which something was withdrawn. The literal ranges are for engines with partitions; an engine
 * that keeps the least and largest value of each block finds them by the plain IN.
 */
const withdrawEvents = (c: StageContext) => sql`delete from ${sql.table('events')}
where occurred_at in (select occurred_at from ${sql.staging('withdrawn')})
    and ${inRanges(sql`occurred_at`, c.withdrawnRanges)} and exists (
        select 1 from ${sql.staging('withdrawn')} as w
        where w.event_key = events.event_key and w.occurred_at = events.occurred_at and w.received_at = events.received_at
    )`

/** The steps before user agents can be looked up: from lines and rows to messages, and those refused or to be shaped. */
export const readSources = (
  c: StageContext,
  rows: readonly Sql[] = [],
  hasLines = true,
): readonly [Step, ...Step[]] => [
  checkMessages(c, rows, hasLines),
  {
    into: 'refused_rows',
    select: sql`
select
    ${c.d.md5(sql`source || ${'\u001f'} || file || ${'\u001f'} || ${c.d.cast('line', 'string')} || ${'\u001f'} || coalesce(text, '')`)} as quarantine_id,
    source, file, line, reason, detail, text, is_retry
from ${sql.staging('checked')}
where reason is not null
union all
select
    ${c.d.md5(sql`source || ${'\u001f'} || file`)} as quarantine_id,
    source, file, 0 as line, 'UNREADABLE' as reason, problem as detail, ${c.d.cast(sql`null`, 'string')} as text, is_retry
from ${sql.staging('source_files')}
where problem is not null
`,
  },
  {
    // Two rows of a table can be the same.
    into: 'refused',
    select: sql`
select
    quarantine_id, source, file, line, reason, min(detail) as detail, substr(min(text), 1, ${LARGEST_TEXT}) as text,
    ${sql.timestamp(c.startedAt)} as quarantined_at
from ${sql.staging('refused_rows')}
group by quarantine_id, source, file, line, reason
`,
  },
  parseUrls(c),
  normaliseNames(c),
]

/** What became of the rows of each source. */
function countOutcomes(): Step {
  return {
    into: 'source_counts',
    select: sql`
with outcomes as (
    select
        i.source,
        case
            when s.status in ('replacing', 'duplicate') then 'duplicate'
            when s.status = 'seen' then 'seen'
            when i.excluded_reason is not null then 'excluded'
            else 'accepted'
        end as outcome
    from ${sql.staging('incoming')} as i
    left join ${sql.staging('contested_rows')} as s on s.row_number_read = i.row_number_read
    union all
    select source, 'refused' as outcome
    from ${sql.staging('refused_rows')}
    where is_retry = 0
)

select
    f.source,
    max(f.files) as files,
    count(o.outcome) as rows_read,
    sum(case when o.outcome = 'accepted' then 1 else 0 end) as accepted,
    sum(case when o.outcome = 'seen' then 1 else 0 end) as seen_before,
    sum(case when o.outcome = 'duplicate' then 1 else 0 end) as duplicates,
    sum(case when o.outcome = 'refused' then 1 else 0 end) as quarantined,
    sum(case when o.outcome = 'excluded' then 1 else 0 end) as excluded,
    0 as erased
from (
    select source, sum(1 - is_retry) as files from ${sql.staging('source_files')} group by source
) as f
left join outcomes as o on o.source = f.source
group by f.source
having count(o.outcome) > 0 or max(f.files) > 0
`,
  }
}
