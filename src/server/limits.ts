import { EnvelopArmor } from '@escape.tech/graphql-armor'
import {
  type ASTVisitor,
  type ExecutionResult,
  GraphQLError,
  Kind,
  type SelectionSetNode,
  type ValidationContext,
} from 'graphql'
import type { Plugin } from 'graphql-yoga'

/** What a document may have, whatever its variables. */
export const LIMITS = {
  tokens: 2000,
  depth: 12,
  aliases: 30,
  directives: 20,
  rootFields: 20,
  fragments: 30,
  errors: 5,
  message: 500,
}

/**
 * Limits on the text of a document. They depend on nothing else: Yoga keeps the verdict of validation by document, so a
 * rule that looked at variables or at the caller would be answered from someone else's request.
 */
export function staticLimits(): Plugin[] {
  const reject = (code: string) => ({ onReject: [(_: unknown, error: GraphQLError) => refuse(error, code)] })
  const armor = new EnvelopArmor({
    maxTokens: { n: LIMITS.tokens, ...reject('LIMIT_TOKENS') },
    maxDepth: { n: LIMITS.depth, flattenFragments: true, ...reject('LIMIT_DEPTH') },
    maxAliases: { n: LIMITS.aliases, ...reject('LIMIT_ALIASES') },
    maxDirectives: { n: LIMITS.directives, ...reject('LIMIT_DIRECTIVES') },
    costLimit: { enabled: false },
    blockFieldSuggestion: { enabled: true, mask: '' },
  }).protect()
  return [
    ...(armor.plugins as Plugin[]),
    deepText,
    { onValidate: ({ addValidationRule }) => addValidationRule(tooManyParts) },
    shortErrors,
  ]
}

/** Text nested so deep that the parser runs out of stack is a caller's mistake, not ours. */
const deepText: Plugin = {
  onParse({ parseFn, setParseFn }) {
    setParseFn((source, options) => {
      try {
        return parseFn(source, options)
      } catch (error) {
        if (error instanceof RangeError) throw tooMuch('LIMIT_DEPTH', 'The query is nested too deep to be read.')
        throw error
      }
    })
  },
}

function tooManyParts(context: ValidationContext): ASTVisitor {
  return {
    Document(document) {
      const fragments = document.definitions.filter((d) => d.kind === Kind.FRAGMENT_DEFINITION).length
      if (fragments > LIMITS.fragments)
        throw tooMuch(
          'LIMIT_FRAGMENTS',
          `A document may have ${LIMITS.fragments} fragments, but this has ${fragments}.`,
        )
    },
    OperationDefinition(operation) {
      if (operation.operation !== 'query')
        throw refuse(new GraphQLError('There are queries only: the API changes nothing.'), 'QUERIES_ONLY')
      const fields = rootFields(context, operation.selectionSet, new Set())
      if (fields > LIMITS.rootFields)
        throw tooMuch(
          'LIMIT_ROOT_FIELDS',
          `An operation may have ${LIMITS.rootFields} fields at its root, but this has ${fields}.`,
        )
    },
  }
}

function rootFields(context: ValidationContext, set: SelectionSetNode, opened: Set<string>): number {
  let count = 0
  for (const selection of set.selections) {
    if (selection.kind === Kind.FIELD) count++
    else if (selection.kind === Kind.INLINE_FRAGMENT) count += rootFields(context, selection.selectionSet, opened)
    else if (!opened.has(selection.name.value)) {
      opened.add(selection.name.value)
      const fragment = context.getFragment(selection.name.value)
      if (fragment) count += rootFields(context, fragment.selectionSet, opened)
    }
  }
  return count
}

/** An error that refuses a request before it runs. */
export function tooMuch(code: string, message: string): GraphQLError {
  return refuse(new GraphQLError(message), code)
}

function refuse(error: GraphQLError, code: string): GraphQLError {
  error.message = error.message.replace(/^Syntax Error: /, '')
  Object.assign(error.extensions, { code, http: { status: 400 } })
  return error
}

/**
 * A bad request is answered with a few short errors: the answer must not be larger than the question. What goes beyond
 * a limit is a status of its own, also for clients that get 200 with errors otherwise.
 */
const shortErrors: Plugin = {
  onResultProcess({ result, setResult }) {
    if (Array.isArray(result) || !('errors' in result) || !result.errors?.length) return
    const limit = result.errors.find((e) => String(e.extensions?.code).startsWith('LIMIT_'))
    if (limit) Object.assign(limit.extensions, { http: { status: 400 } })
    const errors = limit ? [limit] : result.errors.slice(0, LIMITS.errors)
    setResult({ ...result, errors: errors.map(short) } as ExecutionResult)
  },
}

function short(error: GraphQLError): GraphQLError {
  if (error.message.length > LIMITS.message) error.message = `${error.message.slice(0, LIMITS.message)}…`
  // Yoga puts the parser's complaint here, and that quotes the body.
  const { originalError, ...extensions } = error.extensions as { originalError?: unknown }
  if (originalError === undefined) return error
  const { nodes, source, positions, path, message } = error
  return new GraphQLError(message, {
    nodes,
    source,
    positions,
    path,
    extensions: { ...extensions, http: { status: 400 } },
  })
}
