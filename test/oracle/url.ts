import type { Campaign } from './types.ts'

/** Parameters whose value names a person. */
const PERSONAL_PARAMETERS = [
  'mc_eid',
  'mkt_tok',
  '_hsenc',
  '_kx',
  'ml_subscriber',
  'ml_subscriber_hash',
  'email',
  'e-mail',
  'mail',
]

/** What looks like an e-mail address, `@` percent-encoded or not. */
const EMAIL = /[A-Za-z0-9._%+-]+(?:@|%40)[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}/g

interface UrlParts {
  /** Lower case, without user and port; null when the text has no host. */
  host: string | null
  /** Up to `?` or `#`; `/` when empty; null without a host. */
  path: string | null
  /** In the order of the URL, not decoded. */
  parameters: { name: string; value: string }[]
}

export function urlParts(url: string): UrlParts {
  const beforeFragment = url.split('#')[0]!
  const mark = beforeFragment.indexOf('?')
  const beforeQuery = mark === -1 ? beforeFragment : beforeFragment.slice(0, mark)
  const query = mark === -1 ? '' : beforeFragment.slice(mark + 1)

  const parameters = query
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const equals = pair.indexOf('=')
      return equals === -1 ? { name: pair, value: '' } : { name: pair.slice(0, equals), value: pair.slice(equals + 1) }
    })

  const place = /^(?:[A-Za-z][A-Za-z0-9+.-]*:)?\/\/([^/]*)(.*)$/s.exec(beforeQuery)
  if (place === null) return { host: null, path: null, parameters }
  const withoutUser = place[1]!.slice(place[1]!.lastIndexOf('@') + 1)
  const host = foldCase(withoutUser.replace(/:\d*$/, ''))
  if (host === '') return { host: null, path: null, parameters }
  return { host, path: place[2] === '' ? '/' : place[2]!, parameters }
}

/** Decoded value of the first parameter of that name, compared without case; null when it has none or an empty one. */
export function parameter(parts: UrlParts, name: string): string | null {
  const found = parts.parameters.find((p) => foldCase(p.name) === foldCase(name))
  return found === undefined ? null : textOrNull(decode(found.value))
}

/** The campaign that a URL's query names. */
export function urlCampaign(parts: UrlParts): Campaign {
  return {
    utmSource: parameter(parts, 'utm_source'),
    utmMedium: parameter(parts, 'utm_medium'),
    utmCampaign: parameter(parts, 'utm_campaign'),
    utmContent: parameter(parts, 'utm_content'),
    utmTerm: parameter(parts, 'utm_term'),
  }
}

/** A URL whose personal parameters have lost their value, and without e-mail addresses. */
export function withoutPersonalIds(url: string): string {
  const blanked = url.replace(/([?&])([^=&#?]+)=[^&#]*/g, (whole, mark: string, name: string) =>
    PERSONAL_PARAMETERS.includes(foldCase(name)) ? `${mark}${name}=` : whole,
  )
  return withoutEmails(blanked)
}

export function withoutEmails(text: string): string {
  return text.replace(EMAIL, '[email]')
}

/** Percent-decoded; `+` is a space. What does not decode to UTF-8 stays as it is. */
function decode(value: string): string {
  try {
    return decodeURIComponent(value.replaceAll('+', ' '))
  } catch {
    return value
  }
}

/** ASCII lower case. */
export function foldCase(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
}

/** Trimmed; null when nothing is left. */
export function textOrNull(text: string): string | null {
  const trimmed = text.trim()
  return trimmed === '' ? null : trimmed
}

/** The host equals the entry or is a subdomain of it. */
export function isWithin(host: string, entry: string): boolean {
  return host === foldCase(entry) || host.endsWith(`.${foldCase(entry)}`)
}

/** SQL LIKE: `%` is any text, `_` any one character. */
export function isLike(text: string, pattern: string): boolean {
  const [first, ...rest] = [...pattern]
  const characters = [...text]
  if (first === undefined) return text === ''
  if (first === '%')
    return characters.some((_, i) => isLike(characters.slice(i).join(''), rest.join(''))) || isLike('', rest.join(''))
  if (characters.length === 0) return false
  return (first === '_' || first === characters[0]) && isLike(characters.slice(1).join(''), rest.join(''))
}
