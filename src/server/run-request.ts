import { z } from 'zod'
import { InputError } from '../errors.ts'
import type { RunRequest } from '../pipeline/run.ts'

const flag = z.boolean().optional()
const word = z.string().min(1).max(1000).optional()

const requestBody = z.strictObject({
  kind: z.enum(['increment', 'rebuild']).default('increment'),
  acceptRecompute: flag,
  acceptColumns: flag,
  acceptShrink: flag,
  restartHistory: flag,
  fromSources: flag,
  acceptLoss: flag,
  release: z
    .strictObject({ ids: z.array(z.string().max(64)).min(1).max(10_000).optional(), source: word, reason: word })
    .optional(),
})

/** What the body of a request asks of a run; an empty one asks for an increment. */
export async function readRunRequest(request: Request): Promise<RunRequest> {
  const text = await request.text()
  const body = requestBody.safeParse(text === '' ? {} : json(text))
  if (body.success) return body.data
  const [issue] = body.error.issues
  throw new InputError(
    `Expected JSON like {"kind": "increment"} or {"kind": "rebuild"}, but: ${issue?.path.join('.') || 'the body'}: ${issue?.message ?? 'unknown'}.`,
  )
}

function json(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
