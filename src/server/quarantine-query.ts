import { z } from 'zod'
import { InputError } from '../errors.ts'
import type { QuarantineQuery } from '../pipeline/quarantine/list.ts'

const word = z.string().min(1).max(1000).optional()

const parameters = z.strictObject({
  source: word,
  reason: word,
  limit: z.coerce.number().int().min(0).max(10_000).default(20),
  text: z.literal('1').optional(),
})

/** What the address of a request asks of quarantine. */
export function readQuarantineQuery(url: string): QuarantineQuery {
  const given = parameters.safeParse(Object.fromEntries(new URL(url).searchParams))
  if (!given.success) {
    const [issue] = given.error.issues
    throw new InputError(
      `Expected source, reason, limit and text=1 in the query, but: ${issue?.path.join('.') || 'the query'}: ${issue?.message ?? 'unknown'}.`,
    )
  }
  const { text, ...query } = given.data
  return { ...query, hasText: text === '1' }
}
