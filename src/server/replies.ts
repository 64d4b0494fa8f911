/** Headers of everything we answer. */
export const COMMON = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
}

export function json(status: number, body: unknown, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', ...COMMON, ...headers },
  })
}

export function text(status: number, body: string): Response {
  return new Response(body, { status, headers: { 'content-type': 'text/plain; charset=utf-8', ...COMMON } })
}

/** A page that may load nothing but what `policy` allows. */
export function page(body: string, policy: string): Response {
  return new Response(body, {
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': policy,
      'x-frame-options': 'DENY',
      ...COMMON,
    },
  })
}

/** The answer in the form of the admin routes. */
export function failure(status: number, code: string, message: string): Response {
  return json(status, { error: { code, message } })
}
