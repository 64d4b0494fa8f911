import { type ErrorCode, QueryError } from '../errors.ts'

/** What AWS calls failures that pass: of the Data API, of S3, and of the way to them. */
const PASSING = new Set([
  'ThrottlingException',
  'TooManyRequestsException',
  'RequestLimitExceeded',
  'ActiveStatementsExceededException',
  'ActiveSessionsExceededException',
  'QueryTimeoutException',
  'InternalServerException',
  'InternalServerError',
  'ServiceUnavailable',
  'TimeoutError',
  'RequestTimeout',
  'RequestTimeoutException',
  'SlowDown',
  'InternalError',
  'OperationAborted',
])
const DROPPED = /^(ECONN|EPIPE|ETIMEDOUT|EAI_AGAIN|ENETUNREACH|EHOSTUNREACH|UND_ERR)/

/**
 * What the engine says of failures that pass: conflicts with others (1023), a cluster that starts again or is resized, a
 * staging table that a statement of a dead run makes meanwhile: statements outlive who sent them.
 */
const CONFLICT =
  /\b1023\b|serializable isolation violation|could not serialize|deadlock detected|conflict with concurrent transaction|cluster is (being )?(resized|paused|resumed|rebooted|not available)|maintenance|connection (was )?(reset|closed|terminated)|terminating connection|internal error while|please try again|relation .*already exists/i
const FULL = /disk full|no space left/i
const LATE = /statement timeout|cancelled on user'?s? request|aborted by.*(query monitoring|WLM)|statement_timeout/i
const FORBIDDEN = /permission denied|must be owner|AccessDenied|is not authorized/i
const UNKNOWN_WHO =
  /password authentication failed|UnrecognizedClient|InvalidSignature|ExpiredToken|security token|CredentialsProvider|could not load credentials|InvalidClientTokenId|secret.*not.*found/i

/** An error as the clients of AWS throw it. */
export interface Failure {
  readonly name?: string
  readonly code?: string
  readonly message?: string
  readonly $metadata?: { readonly httpStatusCode?: number }
}

const reasonOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause)).trim()

/** A failure without what it may quote of the statement: loggers print causes. */
const bare = (reason: string): Error => new Error(reason)

/** Whether the same call to AWS may succeed when it is made again. */
export function mayPass(cause: unknown): boolean {
  const { name = '', code = '', $metadata } = (cause ?? {}) as Failure
  const status = $metadata?.httpStatusCode ?? 0
  return PASSING.has(name) || DROPPED.test(code) || status >= 500 || status === 429
}

/** What went wrong on the way to the Data API, or what it refused. */
export function refused(text: string, cause: unknown): QueryError {
  const { name = '' } = (cause ?? {}) as Failure
  const reason = `${name && name !== 'Error' ? `${name}: ` : ''}${reasonOf(cause)}`
  return failure(text, reason, mayPass(cause) && !UNKNOWN_WHO.test(reason))
}

/** A statement that the engine refused, in its words. */
export function failed(text: string, reason: string): QueryError {
  return failure(text, reason.replace(/^ERROR:\s*/, ''), CONFLICT.test(reason))
}

function failure(text: string, reason: string, isTransient: boolean): QueryError {
  const known = recognise(reason)
  return new QueryError(
    known?.message ?? `Redshift refused a statement: ${reason}`,
    { warehouse: 'redshift', text, isTransient: isTransient && !known, code: known?.code },
    { cause: bare(reason) },
  )
}

/** A statement that its signal stopped. */
export function cancelled(text: string): QueryError {
  return new QueryError(
    'The statement was cancelled.',
    { warehouse: 'redshift', text, isCancelled: true },
    { cause: bare('aborted') },
  )
}

/** What people can do about it, where that shows in the words. */
function recognise(reason: string): { code?: ErrorCode; message: string } | null {
  if (FULL.test(reason)) {
    return {
      code: 'DISK_FULL',
      message: `Redshift has no room left: ${reason}. Resize the cluster or drop what is not needed, then run again; what was published is unharmed.`,
    }
  }
  if (UNKNOWN_WHO.test(reason)) {
    return {
      code: 'WAREHOUSE_UNUSABLE',
      message: `Expected credentials that AWS and Redshift accept, but: ${reason}. tributary takes them from AWS's own chain (environment, profile, role) and the database user from \`warehouse.secretArn\`, \`warehouse.dbUser\` or the IAM identity.`,
    }
  }
  if (FORBIDDEN.test(reason)) {
    return {
      message: `Expected to be allowed what tributary does in Redshift, but: ${reason}. docs/warehouses/redshift.md lists the IAM actions and the grants it needs; \`tributary check\` says which one is missing.`,
    }
  }
  if (LATE.test(reason)) {
    return {
      message: `Redshift stopped a statement that took too long: ${reason}. Raise the time limit of the user (\`statement_timeout\`) or of its queue (query monitoring rules), or give it more nodes.`,
    }
  }
  return null
}
