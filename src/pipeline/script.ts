import type { Dialect } from '../warehouses/dialect.ts'
import type { Sql } from '../warehouses/sql.ts'
import { agentsOfBatch, unknownAgents } from './agents.ts'
import { checks } from './checks.ts'
import { describedCopy } from './companies/product-source.ts'
import { companies } from './companies.ts'
import { ingest, readSources } from './ingest.ts'
import { fenceOf } from './lease.ts'
import { publishTransaction, type RunFacts } from './publish.ts'
import { isAtWork, publishWritten } from './run-records.ts'
import { keysAsked, type Loop, queryOf, type SingleStep, type Stage, type StageContext } from './stage.ts'
import { stages } from './stages.ts'
import { stagingTable } from './staging-tables.ts'

/** One thing a run does, for whoever wants to read it. */
export type Action =
  | { readonly kind: 'heading'; readonly text: string }
  | { readonly kind: 'note'; readonly text: string }
  | { readonly kind: 'stage'; readonly into: string; readonly select: Sql; readonly purpose: string }
  | { readonly kind: 'query'; readonly query: Sql; readonly purpose: string }
  | { readonly kind: 'drop'; readonly names: readonly string[]; readonly purpose: string }
  | { readonly kind: 'transaction'; readonly statements: readonly Sql[]; readonly purpose: string }
  /** Part of a transaction that other stages have a part in too. */
  | { readonly kind: 'part'; readonly statements: readonly Sql[]; readonly purpose: string }

/** What a run knows only when it comes to publish, as stand-ins. */
const facts: RunFacts = { sources: [], isChanged: false }

/** What one stage of an increment does, from its reading to its part of the publish transaction. */
export function stageScript(stage: Stage, context: StageContext): readonly Action[] {
  const c = withCopy(context)
  const steps = stage.steps(c).flatMap(actionsOf)
  const writes = stage.publish(c)
  const discards = steps.length === 0 ? [] : (stage.discards ?? [])
  return [
    { kind: 'heading', text: `${stage.name}: ${stage.does}` },
    ...(stage === ingest ? reading(c) : []),
    ...(stage === companies ? [copying(c)] : []),
    ...steps,
    ...(discards.length > 0
      ? [{ kind: 'drop', names: discards, purpose: 'Nothing after this stage reads these.' } as const]
      : []),
    ...(writes.length > 0
      ? [{ kind: 'part', statements: writes, purpose: partOfPublish(stage.name) } as const]
      : [
          {
            kind: 'note',
            text: 'This stage writes nothing when the run is published: later stages read its staging tables.',
          } as const,
        ]),
  ]
}

/** How a run of all stages ends: what is checked, the publish transaction, and the one that lets readers see it. */
export function publishScript(context: StageContext): readonly Action[] {
  const c = withCopy(context)
  const { d } = c
  return [
    { kind: 'heading', text: 'publish: the promises checked, then everything written in one transaction' },
    ...checks(c, stages).map(
      ({ promise, broken }) =>
        ({ kind: 'query', query: broken, purpose: `Must answer 0, or nothing is published: ${promise}.` }) as const,
    ),
    {
      kind: 'transaction',
      statements: [...fence(d, isAtWork(c)), ...publishTransaction(c, stages, facts)],
      purpose:
        'All or nothing. The first two statements: the lock must still be this run’s, whose name and token stand here as stand-ins, and the run at work; so does, in the last, the number of rows read.',
    },
    { kind: 'transaction', statements: [publishWritten(d)], purpose: 'Readers see the run from here on.' },
    {
      kind: 'note',
      text: 'A run in which no event is new or withdrawn ends after `ingest`: it publishes what that stage and the records write.',
    },
  ]
}

const fence = (d: Dialect, and: Sql) => fenceOf(d, { owner: '<host>:<process>:<number>', token: 0, and })

/** A run copies the product database when there is one. */
const withCopy = (c: StageContext): StageContext =>
  c.options.companies && !c.copy ? { ...c, copy: describedCopy(c.d, c.options.companies, c.startedAt) } : c

/** What happens before companies can be compared. */
const copying = ({ options }: StageContext): Action => ({
  kind: 'note',
  text: options.companies
    ? 'Before: tributary reads the listed columns of the product database into `product_companies_read` and `product_members_read`; tables of the warehouse are read where they are. Its times of this copy and the one before stand here as one.'
    : 'No product database is configured: this stage does nothing.',
})

/** What happens before the first stage can compute. */
const reading = (c: StageContext): readonly Action[] => [
  {
    kind: 'note',
    text: 'Before: tributary itself reads new and changed files and loads the staging tables `lines`, `retried_lines` (waiting in quarantine), `source_files` and `watermarks_new`.',
  },
  ...readSources(c).flatMap(actionsOf),
  {
    kind: 'query',
    query: unknownAgents,
    purpose: 'Which user agents are new. tributary looks each up in its list of bots and adds them to `user_agents`.',
  },
  ...actionsOf(agentsOfBatch),
]

function actionsOf(step: SingleStep | Loop): readonly Action[] {
  if ('keys' in step) {
    const asked =
      'Asked first: whom the next statement is about. Here stands one id for what it answers; when they are many, none are named.'
    return [
      { kind: 'query', query: keysAsked(step), purpose: asked },
      { kind: 'stage', into: step.into, select: queryOf(step), purpose: stagingTable(step.into) },
    ]
  }
  if ('ranges' in step) {
    const asked = 'Asked first: of which times the next statement reads. Here stands one day for what it answers.'
    return [
      { kind: 'query', query: step.ranges, purpose: asked },
      { kind: 'stage', into: step.into, select: queryOf(step), purpose: stagingTable(step.into) },
    ]
  }
  if ('into' in step) {
    const discards = step.discards ?? []
    return [
      { kind: 'stage', into: step.into, select: step.select, purpose: stagingTable(step.into) },
      ...(discards.length > 0
        ? [{ kind: 'drop', names: discards, purpose: 'Nothing after it reads these.' } as const]
        : []),
    ]
  }
  return [
    {
      kind: 'query',
      query: step.remaining,
      purpose: `Until this answers 0, the next ${step.repeat.length} are repeated.`,
    },
    ...step.repeat.flatMap(actionsOf),
    { kind: 'note', text: 'End of what is repeated.' },
  ]
}

const partOfPublish = (stage: string) =>
  `The part of \`${stage}\` in the publish transaction of the run; alone it would leave half a run. \`tributary sql publish\` has all of it.`
