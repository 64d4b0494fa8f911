/** Who asks: what the connection and the headers say. */
export interface Connection {
  /** The address the server listens on is a loopback one, so only this machine can reach it. */
  readonly isLoopback: boolean
}

/** Why a request gets no data. */
export interface Refusal {
  readonly status: 401 | 403
  readonly code: 'UNAUTHENTICATED' | 'FORBIDDEN'
  readonly message: string
}

const LOOPBACK_HOST = /^(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?$/i
const LOOPBACK_ORIGIN = /^https?:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?$/i
const FORWARDING =
  /^(forwarded|via|x-forwarded(-.*)?|x-real-ip|x-client-ip|x-cluster-client-ip|x-original-.*|true-client-ip|cf-connecting-ip|fastly-client-ip)$/i

/**
 * Without keys, data stay on this machine: the server must listen on loopback, be asked by a loopback name (so that no
 * foreign name can be pointed here) and not through a proxy, which would let others in. Browsers may only ask from
 * pages of this machine.
 */
export function refusal(headers: Headers, connection: Connection): Refusal | null {
  const forwarding = [...headers.keys()].find((name) => FORWARDING.test(name))
  if (!connection.isLoopback) return needsKey('the server does not listen on loopback only')
  if (!LOOPBACK_HOST.test(headers.get('host') ?? ''))
    return needsKey('the Host header is not localhost, 127.0.0.1 or [::1]')
  if (forwarding) return needsKey(`the request came through a proxy (header ${forwarding})`)
  const origin = headers.get('origin')
  if (headers.get('sec-fetch-site') === 'cross-site' || (origin !== null && !LOOPBACK_ORIGIN.test(origin))) {
    return {
      status: 403,
      code: 'FORBIDDEN',
      message: 'Pages of other sites may not ask: only pages of this machine may.',
    }
  }
  return null
}

/** Is this an address that only the machine itself reaches? */
export function isLoopbackAddress(address: string): boolean {
  return address === '::1' || /^(::ffff:)?127\.\d+\.\d+\.\d+$/.test(address)
}

function needsKey(because: string): Refusal {
  return {
    status: 401,
    code: 'UNAUTHENTICATED',
    message: `Without a key, data are only answered on loopback, and ${because}.`,
  }
}
