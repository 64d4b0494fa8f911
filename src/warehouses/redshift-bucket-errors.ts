import { QueryError } from '../errors.ts'
import { type Failure, mayPass } from './redshift-errors.ts'

/** What people can do about it, by what S3 calls it. */
const ADVICE: readonly (readonly [reason: RegExp, advice: string])[] = [
  [/^NoSuchBucket/, 'there is none. Check `warehouse.bucket.name`'],
  [
    /^PermanentRedirect|AuthorizationHeaderMalformed|IllegalLocationConstraint/,
    'it is in another region. Name it in `warehouse.bucket.region`',
  ],
  [
    /^AccessDenied|^Forbidden|^403/,
    'it may not. Its identity needs s3:PutObject and s3:DeleteObject on the prefix; docs/warehouses/redshift.md has the policy',
  ],
  [
    /CredentialsProvider|could not load credentials|InvalidAccessKeyId|SignatureDoesNotMatch|ExpiredToken/i,
    "AWS does not accept its credentials. tributary takes them from AWS's own chain (environment, profile, role)",
  ],
]

/** Why the bucket did not take a file. */
export function bucketRefused(bucket: string, cause: unknown): QueryError {
  const { name = '', code = '', message = '' } = (cause ?? {}) as Failure
  const reason = [name, code, message].filter((part) => part !== '').join(': ')
  const known = ADVICE.find(([pattern]) => pattern.test(reason))
  const isTransient = !known && mayPass(cause)
  return new QueryError(
    `Expected to put a file into the bucket ${bucket}, but ${known?.[1] ?? `S3 said: ${reason}`}.`,
    { warehouse: 'redshift', text: '', isTransient, ...(known ? { code: 'WAREHOUSE_UNUSABLE' as const } : {}) },
    { cause: new Error(reason) },
  )
}
