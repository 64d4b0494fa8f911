import { boolean, integer, nullable, table, text, time } from './table.ts'

/** Executions of the pipeline. */
export const runs = table({
  name: 'runs',
  row: 'run',
  description: 'One row per execution of the pipeline that reached the warehouse.',
  kind: 'record',
  key: ['run_id'],
  columns: {
    run_id: integer('Number of the run, from 1.'),
    kind: text('`increment`, `rebuild`, `rebuild_from_sources` or `import`.'),
    state: text(
      '`running`, `written` (data committed), `published` (readers see it), `pruned` (its answers cannot be asked again) or `failed`.',
    ),
    started_at: time('When it began.'),
    finished_at: time('When it ended.', nullable),
    published_at: time('When readers began to see it.', nullable),
    data_through: time('Latest `received_at` of the accepted events.', nullable),
    config_version: text(
      'Hash of the options that shape the tables; what is computed anew depends on `stage_fingerprints`.',
    ),
    rows_read: integer('Rows read from the sources.'),
    rows_written: integer('Versioned rows inserted or closed.'),
    error: text('Why it failed.', nullable),
  },
})

/** Steps of runs. */
export const runStages = table({
  name: 'run_stages',
  row: 'stage of a run',
  description: 'What each stage of a run did and how long it took.',
  kind: 'record',
  key: ['run_id', 'stage'],
  columns: {
    run_id: integer('The run.'),
    stage: text('Name of the stage.'),
    position: integer('Place in the run, from 1.'),
    rows: integer('Rows it produced.'),
    milliseconds: integer('Milliseconds it took.'),
  },
})

/** What each run took from each source. */
export const runSources = table({
  name: 'run_sources',
  row: 'source of a run',
  description: 'read = accepted + seen_before + duplicates + quarantined + excluded + erased.',
  kind: 'record',
  key: ['run_id', 'source'],
  columns: {
    run_id: integer('The run.'),
    source: text('Name of the source.'),
    files: integer('Files and tables read.'),
    rows_read: integer('Rows read.'),
    accepted: integer('Accepted and not excluded.'),
    seen_before: integer('Known by key and content from an earlier run.'),
    duplicates: integer('Further copies of a message.'),
    quarantined: integer('Refused.'),
    excluded: integer('Accepted, but kept out of visits by an exclusion.'),
    erased: integer('Of erased people.'),
  },
})

/** How far each source has been read. */
export const watermarks = table({
  name: 'watermarks',
  row: 'source table or file',
  description:
    'How far each source has been read: for files, path and content hash; for tables, the latest readable time, or the rows of each day received. Only added to: the latest run of an item counts, and one without a position is forgotten.',
  kind: 'record',
  key: ['source', 'item', 'run_id'],
  columns: {
    source: text('Name of the source.'),
    item: text('File, table, or table and day received: `pages/2025-03-01`.'),
    position: text('Content hash of the file, the readable time up to which rows were read, or the day.'),
    bytes: integer('Size of the file.', nullable),
    modified_at: time('Time of its last change.', nullable),
    rows_read: integer('Rows of the day; 0 for files and tables.'),
    run_id: integer('The run that read it.'),
  },
})

/** Columns seen in source tables. */
export const sourceColumns = table({
  name: 'source_columns',
  row: 'column of a source table',
  description: 'What the source tables looked like at the last run.',
  kind: 'record',
  key: ['source', 'item', 'column_name'],
  columns: {
    source: text('Name of the source.'),
    item: text('Table.'),
    column_name: text('Column.'),
    column_type: text('Its type in the engine’s words.'),
    first_run: integer('The run that first saw it.'),
  },
})

/** What was let in from quarantine. */
export const releases = table({
  name: 'releases',
  row: 'released content',
  description:
    'Lines that were released from quarantine: their times are not judged again, however often they are read.',
  kind: 'record',
  key: ['source', 'content_hash'],
  columns: {
    source: text('Name of the source.'),
    content_hash: text('md5 of the line.'),
    run_id: integer('The run that first took it in.'),
  },
})

/** The lock of the pipeline. */
export const lease = table({
  name: 'lease',
  row: 'lock',
  description: 'Who may run the pipeline. One row.',
  kind: 'record',
  key: ['name'],
  columns: {
    name: text('`pipeline`.'),
    owner: text('Who holds it; empty when free.'),
    token: integer('Grows with each acquisition; the publish transaction fails when it is not its own.'),
    expires_at: time('When others may take it over.'),
  },
})

/** Fingerprints of stages. */
export const stageFingerprints = table({
  name: 'stage_fingerprints',
  row: 'stage and run that found it changed',
  description: 'Hash of the options, reference data and SQL each stage ran with from a run on; the latest run counts.',
  kind: 'record',
  key: ['stage', 'run_id'],
  columns: {
    stage: text(
      'Name of the stage; `candidates/…`, `conversions/…`, `credits/…` for a conversion; `reference`, `bots` for data.',
    ),
    fingerprint: text('Hash, or version of the data; empty for a conversion that is gone.'),
    run_id: integer('The run that last changed it; 0 for data.'),
  },
})

/** User agents and whether they are bots. */
export const userAgents = table({
  name: 'user_agents',
  row: 'distinct user agent',
  description: 'User agents seen, and whether they declare themselves bots.',
  kind: 'reference',
  key: ['user_agent'],
  columns: {
    user_agent: text('The user agent.'),
    is_bot: boolean('It declares itself a bot (isbot).'),
  },
})
