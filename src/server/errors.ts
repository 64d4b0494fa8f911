import { randomUUID } from 'node:crypto'
import { GraphQLError } from 'graphql'
import type { Logger } from 'pino'
import { InputError, TributaryError } from '../errors.ts'
import { CursorExpiredError } from '../resolvers/cursors.ts'

/** What a caller sees of an error. Only messages written for callers pass; of the rest they get a number to ask about. */
export function maskWith(logger: Logger): (error: unknown) => GraphQLError {
  // A batch that failed rejects every row that waited for it: one error, one line.
  const logged = new WeakMap<object, string>()
  return (error) => {
    const cause = originalOf(error)
    if (cause instanceof InputError) return shown(error, cause.message, { code: codeOf(cause) })
    if (error instanceof GraphQLError && cause === undefined) return error
    // A variable of the wrong type: the built-in scalars refuse it with an error of their own.
    if (error instanceof GraphQLError && isOfGraphQL(cause)) {
      return shown(error, error.message, { code: 'BAD_USER_INPUT', ...error.extensions })
    }
    if (isStopped(cause)) {
      return shown(error, 'The answer took too long, or was no longer wanted, and was stopped.', {
        code: 'TIMEOUT',
        http: { status: 504 },
      })
    }
    const key = Object(cause ?? error)
    const errorId = logged.get(key) ?? logUnexpected(logger, key)
    logged.set(key, errorId)
    return shown(error, 'Unexpected error.', { code: 'INTERNAL_SERVER_ERROR', errorId, unexpected: true })
  }
}

/** Puts an error into the log, and gives the number it has there. */
export function logUnexpected(logger: Logger, error: unknown): string {
  const errorId = randomUUID()
  const { name, code, text, message } = Object(error) as {
    name?: string
    code?: string
    text?: string
    message?: string
  }
  logger.error(
    { errorId, name, code, statement: text, message: withoutSecrets(message ?? String(error)) },
    'unexpected error',
  )
  return errorId
}

/** A message without the passwords and keys that drivers put into theirs. */
export function withoutSecrets(message: string): string {
  return message
    .replace(/\b(bearer|basic)\s+[\w.~+/=-]+/gi, '$1 ***')
    .replace(/(\w+:\/\/[^\s:/@]*):[^\s@]*@/g, '$1:***@')
    .replace(
      /\b(password|passwd|pwd|secret|token|api[_-]?key|authorization)\b(["']?\s*[=:]\s*)("[^"]*"|'[^']*'|\S+)/gi,
      '$1$2***',
    )
}

/** The error that a resolver threw; undefined for errors of GraphQL itself. Two copies of graphql defeat `instanceof`. */
function originalOf(error: unknown): unknown {
  const { originalError } = Object(error) as { originalError?: unknown }
  if (originalError !== undefined) return originalOf(originalError) ?? originalError
  return error instanceof GraphQLError ? undefined : error
}

/** Two copies of graphql defeat `instanceof`. */
function isOfGraphQL(error: unknown): boolean {
  return error instanceof Error && error.name === 'GraphQLError'
}

function isStopped(error: unknown): boolean {
  if (error instanceof TributaryError) return error.code === 'QUERY_CANCELLED'
  return error instanceof Error && (error.name === 'AbortError' || error.name === 'TimeoutError')
}

function codeOf(error: InputError): string {
  return error instanceof CursorExpiredError ? 'CURSOR_EXPIRED' : error.code
}

function shown(error: unknown, message: string, extensions: Record<string, unknown>): GraphQLError {
  if (!(error instanceof GraphQLError)) return new GraphQLError(message, { extensions })
  const { nodes, source, positions, path } = error
  return new GraphQLError(message, { nodes, source, positions, path, extensions })
}
