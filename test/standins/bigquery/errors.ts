/** An error as the service tells it: an HTTP status, a reason for programs, a message for people. */
export class ServiceError extends Error {
  readonly status: number
  readonly reason: string

  constructor(status: number, reason: string, message: string) {
    super(message)
    this.status = status
    this.reason = reason
  }
}

export const notFound = (what: string): ServiceError => new ServiceError(404, 'notFound', `Not found: ${what}`)

/** Something that the service does and the stand-in does not. */
export const notBuilt = (what: string): ServiceError =>
  new ServiceError(501, 'notImplemented', `The stand-in of BigQuery has no ${what}.`)

/** An error in the body of an answer. */
export const errorBody = ({ status, reason, message }: ServiceError) => ({
  error: { code: status, message, status: reason, errors: [{ domain: 'global', reason, message }] },
})
