import type { QueryError } from '../../src/errors.ts'
import { errorBody, ServiceError } from '../standins/bigquery/errors.ts'
import type { Answer, Asked } from '../standins/bigquery/routes.ts'

/** The error of work that has to fail. */
export const refusal = (work: Promise<unknown>): Promise<QueryError> =>
  work.then(
    () => Promise.reject(new Error('Expected a refusal.')),
    (error) => error,
  )

/** A job is made by it. */
export const isNewJob = ({ method, path }: Asked) =>
  method === 'POST' && path.endsWith('/jobs') && !path.includes('upload')

/** How the service refuses. */
export const refused = (status: number, reason: string, message: string): Answer => ({
  status,
  body: errorBody(new ServiceError(status, reason, message)),
})
