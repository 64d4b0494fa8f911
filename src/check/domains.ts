/** Second levels under which countries register names, as in `acme.co.uk`. */
const SECOND_LEVELS = new Set(['co', 'com', 'net', 'org', 'gov', 'edu', 'ac', 'or', 'ne', 'go', 'gob', 'gouv', 'gv'])

/** Hosts that give everybody a name of their own below theirs. */
const SHARED_HOSTS = [
  'github.io',
  'gitlab.io',
  'vercel.app',
  'netlify.app',
  'herokuapp.com',
  'pages.dev',
  'workers.dev',
  'web.app',
  'firebaseapp.com',
  'azurewebsites.net',
  'cloudfront.net',
  'amazonaws.com',
  'appspot.com',
  'run.app',
  'fly.dev',
  'onrender.com',
  'myshopify.com',
  'webflow.io',
  'wixsite.com',
  'wordpress.com',
  'blogspot.com',
  'ngrok.io',
  'ngrok-free.app',
]

/** A machine and not a site: `localhost`, an address, a name of one label or of a home network. */
export const isLocalHost = (host: string): boolean =>
  !host.includes('.') || /^[\d.]+$|:|\.(local|localhost|internal|lan|home)$/.test(host)

/** The domain that somebody registered, as far as that shows without the list of all suffixes: `acme.com` of `app.acme.com`. */
export function siteOf(host: string): string {
  if (isLocalHost(host)) return host
  const labels = host.split('.')
  const shared = SHARED_HOSTS.find((suffix) => host.endsWith(`.${suffix}`))
  if (shared) return labels.slice(-shared.split('.').length - 1).join('.')
  const isCountry = labels.length > 2 && labels.at(-1)!.length === 2 && SECOND_LEVELS.has(labels.at(-2)!)
  return labels.slice(isCountry ? -3 : -2).join('.')
}

/** Is the host one of the entries, or below one? */
export const isUnder = (host: string, entries: readonly string[]): boolean =>
  entries.some((entry) => host === entry || host.endsWith(`.${entry}`))
