import {
  type DocumentNode,
  type FragmentDefinitionNode,
  GraphQLError,
  getOperationAST,
  getVariableValues,
  Kind,
} from 'graphql'
import type { Plugin } from 'graphql-yoga'
import type { Context } from '../resolvers/context.ts'
import { dateTimeOutput } from '../schema/times.ts'
import { type Cost, costOf } from './cost.ts'

/** Refuses what would cost too much, with the variables known, and says in each answer which run it shows and what it cost. */
export const useCost: Plugin<Context> = {
  onExecute({ args, setResultAndStopExecution }) {
    const { schema, document, operationName, variableValues, contextValue } = args
    const operation = getOperationAST(document, operationName)
    if (!operation) return
    const variables = getVariableValues(schema, operation.variableDefinitions ?? [], variableValues ?? {})
    if (variables.errors) return // execution reports them
    let cost: Cost
    try {
      cost = costOf(schema, operation, fragmentsOf(document), variables.coerced)
    } catch (error) {
      if (error instanceof GraphQLError) return setResultAndStopExecution({ errors: [error] })
      throw error
    }
    return {
      onExecuteDone({ result, setResult }) {
        if (Symbol.asyncIterator in result) return
        setResult({ ...result, extensions: { ...result.extensions, tributary: about(contextValue as Context, cost) } })
      },
    }
  },
}

/** What an answer says about itself. */
function about({ notes }: Context, cost: Cost): Record<string, unknown> {
  // An answer from one earlier run says so; one from several runs names the last published one.
  const [only] = notes.shown.values()
  const run = notes.shown.size === 1 ? only : notes.pinned
  const time = (iso: string | null | undefined) => (iso == null ? null : dateTimeOutput(iso))
  return {
    run: run?.run_id ?? null,
    publishedAt: time(run?.published_at),
    dataThrough: time(run?.data_through),
    configVersion: run?.config_version ?? null,
    truncated: notes.isTruncated,
    cost,
  }
}

function fragmentsOf(document: DocumentNode): Record<string, FragmentDefinitionNode> {
  return Object.fromEntries(
    document.definitions.flatMap((d) => (d.kind === Kind.FRAGMENT_DEFINITION ? [[d.name.value, d]] : [])),
  )
}
