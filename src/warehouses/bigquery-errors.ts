import { type ErrorCode, QueryError, TributaryError } from '../errors.ts'

/** An error as the service or its client tells it. */
export interface Told {
  /** An HTTP status, or a word of the network. */
  readonly code: number | string | null
  /** `rateLimitExceeded`, `notFound` …; null when the service did not answer. */
  readonly reason: string | null
  readonly message: string
}

/** Reasons that may pass: throttling, and what is the matter with the service itself. */
const PASSING = new Set(
  'backendError internalError rateLimitExceeded userRateLimitExceeded jobRateLimitExceeded jobBackendError jobInternalError tableUnavailable'.split(
    ' ',
  ),
)

/** Two writers met; the service has taken back the later one. */
const CONFLICT = /Transaction is aborted due to concurrent update|Could not serialize access to table/i

/** The network between us and the service: nobody answered. */
const NETWORK =
  /ECONNRESET|ECONNREFUSED|ECONNABORTED|EPIPE|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|EAI_AGAIN|ENOTFOUND|socket hang up|premature close|fetch failed|network|did not answer/i

/** What the client throws, in one form. Not kept: it holds the whole request, with its statement and its token. */
export function told(cause: unknown): Told {
  const error = cause as { code?: number | string; errors?: { reason?: string; message?: string }[]; message?: string }
  const first = error?.errors?.[0]
  return {
    code: error?.code ?? null,
    reason: first?.reason ?? null,
    message: (first?.message ?? error?.message ?? String(cause)).trim(),
  }
}

/** Did the service not answer? What was asked of it may have been done. */
export const isUnanswered = ({ code, reason, message }: Told): boolean =>
  reason === null &&
  (typeof code === 'string' ? NETWORK.test(`${code} ${message}`) : code === null && NETWORK.test(message))

/** May the same statement succeed later? */
export function isPassing(t: Told): boolean {
  if (t.reason !== null && PASSING.has(t.reason)) return true
  if (typeof t.code === 'number' && (t.code === 429 || (t.code >= 500 && t.code !== 501))) return true
  return CONFLICT.test(t.message) || isUnanswered(t)
}

/** The engine's refusal, with the text it refused. What people can do something about says what. */
export function refused(text: string, cause: unknown): QueryError {
  const t = told(cause)
  const known = recognise(t)
  return new QueryError(
    known?.message ??
      `${isUnanswered(t) ? 'BigQuery cannot be reached' : 'BigQuery refused a statement'}: ${t.message}`,
    { warehouse: 'bigquery', text, isTransient: isPassing(t), code: known?.code },
    { cause: new Error(t.message) }, // the client's own error holds the request, and loggers print causes
  )
}

/** A statement that its signal stopped. */
export const cancelled = (text: string): QueryError =>
  new QueryError('The statement was cancelled.', { warehouse: 'bigquery', text, isCancelled: true })

/** A warehouse that is closed. */
export const closed = (): TributaryError =>
  new TributaryError('WAREHOUSE_UNUSABLE', 'Expected an open warehouse, but this one has been closed.')

/** What to do about it, where that shows in reason or words. */
function recognise({ code, reason, message }: Told): { code: ErrorCode; message: string } | null {
  const why = message.replace(/\.?\s*$/, '')
  if (
    /invalid_grant|invalid_client|Could not load the default credentials|Could not refresh access token|Unable to read the credential file|private key/i.test(
      message,
    ) ||
    code === 401
  ) {
    return unusable(
      `Expected credentials that BigQuery takes, but: ${why}. Set GOOGLE_APPLICATION_CREDENTIALS to a key file of a service account, or \`warehouse.keyFile\`, or run where a service account is attached.`,
    )
  }
  if (/Not found: Table/i.test(message)) {
    return {
      code: 'QUERY_FAILED',
      message: `A statement reads a table that is not there. BigQuery says: ${why}. Was it dropped while the run went on? A run makes the tables of tributary that are missing; a source table has to come back.`,
    }
  }
  if (/Not found: Dataset|Cannot read and write in different locations/i.test(message)) {
    return unusable(
      `BigQuery says: ${why}. Either there is no such dataset, or it is in another location than \`warehouse.location\` says: a job runs in one location and sees no dataset elsewhere. \`bq show\` tells where a dataset is.`,
    )
  }
  if (reason === 'accessDenied' || code === 403) return forbidden(reason, why)
  if (reason === 'bytesBilledLimitExceeded') {
    return {
      code: 'QUERY_FAILED',
      message: `A statement would read more than \`warehouse.maximumBytesBilled\` allows. BigQuery says: ${why}. Nothing was read or billed. Raise the limit when the bytes are right (docs/scale.md has what each stage reads).`,
    }
  }
  if (reason === 'stopped' || /Job timed out|exceeded.*time limit/i.test(message)) {
    return {
      code: 'QUERY_FAILED',
      message: `A statement took longer than \`warehouse.statementMinutes\` allows and was stopped. BigQuery says: ${why}. What was published is unharmed; allow more time, or see what holds it up in the project's job history.`,
    }
  }
  return null
}

function forbidden(reason: string | null, why: string): { code: ErrorCode; message: string } | null {
  if (reason === 'quotaExceeded') {
    return unusable(
      `A quota of the project is used up. BigQuery says: ${why}. It frees itself within the day, or ask for more.`,
    )
  }
  if (reason !== null && PASSING.has(reason)) return null
  return unusable(
    `BigQuery does not allow that. It says: ${why}. tributary needs roles/bigquery.jobUser on the project, and roles/bigquery.dataEditor on its two datasets and roles/bigquery.dataViewer on those it reads (docs/warehouses/bigquery.md).`,
  )
}

const unusable = (message: string) => ({ code: 'WAREHOUSE_UNUSABLE' as const, message })
