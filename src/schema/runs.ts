import { listRuns, sourcesOfRuns, stagesOfRuns } from '../resolvers/runs.ts'
import { asOfArgs } from './arguments.ts'
import { builder } from './builder.ts'
import { reads } from './columns.ts'
import { type FlatRow, flat, maybeFlat } from './rows.ts'
import { selectedColumns } from './selection.ts'

const runColumns = [
  'run_id',
  'kind',
  'state',
  'started_at',
  'finished_at',
  'published_at',
  'data_through',
  'config_version',
  'rows_read',
  'rows_written',
]

const RunStage = builder.objectRef<FlatRow>('RunStage').implement({
  description: 'One step of a run.',
  fields: (t) => ({
    name: t.string(flat('stage', 'Name of the stage.')),
    position: t.int(flat('position', 'Place in the run, from 1.')),
    rows: t.float(flat('rows', 'Rows it produced.')),
    milliseconds: t.float(flat('milliseconds', 'Milliseconds it took.')),
  }),
})

const RunSource = builder.objectRef<FlatRow>('RunSource').implement({
  description:
    'What a run took from one source: read = accepted + seen before + duplicates + quarantined + excluded + erased.',
  fields: (t) => ({
    name: t.string(flat('source', 'Name of the source.')),
    files: t.int(flat('files', 'Files read.')),
    rowsRead: t.float(flat('rows_read', 'Rows read.')),
    accepted: t.float(flat('accepted', 'Accepted and not excluded.')),
    seenBefore: t.float(flat('seen_before', 'Known from an earlier run.')),
    duplicates: t.float(flat('duplicates', 'Further copies of a message.')),
    quarantined: t.float(flat('quarantined', 'Refused; see the quarantine.')),
    excluded: t.float(flat('excluded', 'Accepted, but left out by an exclusion.')),
    erased: t.float(flat('erased', 'Of erased people.')),
  }),
})

const Run = builder.objectRef<FlatRow>('Run').implement({
  description: 'One execution of the pipeline.',
  fields: (t) => ({
    id: t.int(flat('run_id', '1, 2, 3 …; for `asOf`.')),
    kind: t.string(flat('kind', '`increment`, `rebuild`, `rebuild_from_sources` or `import`.')),
    state: t.string(
      flat('state', '`running`, `written`, `published` (answers show it), `pruned` (too old for `asOf`) or `failed`.'),
    ),
    startedAt: t.field({ type: 'DateTime', ...flat('started_at', 'When it began.') }),
    finishedAt: t.field({ type: 'DateTime', ...maybeFlat('finished_at', 'When it ended.') }),
    publishedAt: t.field({ type: 'DateTime', ...maybeFlat('published_at', 'When answers began to show it.') }),
    dataThrough: t.field({ type: 'DateTime', ...maybeFlat('data_through', 'When the newest event was received.') }),
    configVersion: t.string(flat('config_version', 'Version of the options that shape the tables.')),
    rowsRead: t.float(flat('rows_read', 'Rows read from the sources.')),
    rowsWritten: t.float(flat('rows_written', 'Rows inserted or closed.')),
    stages: t.loadableGroup({
      type: RunStage,
      description: 'Its steps, in order.',
      nullable: false,
      ...reads(['run_id'], 'one'),
      load: (runs: number[], context) => stagesOfRuns(context, runs),
      group: (stage) => Number(stage.run_id),
      resolve: (run) => Number(run.run_id),
    }),
    sources: t.loadableGroup({
      type: RunSource,
      description: 'What it took from each source.',
      nullable: false,
      ...reads(['run_id'], 'one'),
      load: (runs: number[], context) => sourcesOfRuns(context, runs),
      group: (source) => Number(source.run_id),
      resolve: (run) => Number(run.run_id),
    }),
  }),
})

builder.queryField('runs', (t) =>
  t.field({
    type: [Run],
    nullable: false,
    description: 'Runs of the pipeline, the latest first.',
    args: {
      limit: t.arg.int({ defaultValue: 20, description: 'How many at most.' }),
      offset: t.arg.int({ defaultValue: 0, description: 'How many to leave out before.' }),
      ...asOfArgs,
    },
    ...reads([], 'list'),
    resolve: async (_root, args, context, info) => [
      ...(await listRuns(context, args, selectedColumns(info, runColumns))),
    ],
  }),
)
