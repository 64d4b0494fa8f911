/** What went wrong, for programs. Messages are for people: what was expected, what was got, what to do. */
export type ErrorCode =
  | 'CONFIG_INVALID'
  | 'INPUT_INVALID'
  | 'SOURCE_UNREADABLE'
  | 'SOURCE_CHANGED'
  | 'SOURCE_SHRANK'
  | 'QUERY_FAILED'
  | 'QUERY_CANCELLED'
  | 'WAREHOUSE_BUSY'
  | 'WAREHOUSE_UNUSABLE'
  | 'DISK_FULL'
  | 'RUN_IN_PROGRESS'
  | 'RUN_PRUNED'
  | 'LEASE_LOST'
  | 'CHECK_FAILED'
  | 'RECOMPUTE_REFUSED'
  | 'LOSS_REFUSED'
  | 'NOT_READY'
  | 'FORBIDDEN'
  | 'USAGE'

/** Base of every error tributary raises on purpose. */
export class TributaryError extends Error {
  readonly code: ErrorCode

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = new.target.name
    this.code = code
  }
}

/** A warehouse refused a statement. Keeps the text that was sent; never shown to API callers. */
export class QueryError extends TributaryError {
  readonly warehouse: string
  /** Not enumerable: loggers print what they can enumerate, and a statement may name people. */
  declare readonly text: string
  /** True when the same statement may succeed if it is sent again: lost connection, throttling, conflict. */
  readonly isTransient: boolean

  constructor(
    message: string,
    details: { warehouse: string; text: string; isTransient?: boolean; isCancelled?: boolean; code?: ErrorCode },
    options?: ErrorOptions,
  ) {
    super(details.isCancelled ? 'QUERY_CANCELLED' : (details.code ?? 'QUERY_FAILED'), message, options)
    this.warehouse = details.warehouse
    Object.defineProperty(this, 'text', { value: details.text, enumerable: false })
    this.isTransient = details.isTransient ?? false
  }
}

/** A caller asked for something that cannot be answered. The only messages that API callers see. */
export class InputError extends TributaryError {
  constructor(message: string, code: ErrorCode = 'INPUT_INVALID', options?: ErrorOptions) {
    super(code, message, options)
  }
}

/** A configuration that cannot be used. Lists every problem with the path of the option. */
export class ConfigError extends TributaryError {
  readonly problems: readonly string[]

  constructor(problems: readonly string[], where: string) {
    super(
      'CONFIG_INVALID',
      `${where} has ${problems.length === 1 ? 'a problem' : `${problems.length} problems`}:\n${problems.map((p) => `  - ${p}`).join('\n')}`,
    )
    this.problems = problems
  }
}
