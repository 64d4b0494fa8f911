import type { Random } from './random.ts'

export const www = 'https://www.acme.example'
export const app = 'https://app.acme.example'

export interface SitePage {
  readonly path: string
  readonly title: string
  /** Of a blog post. */
  readonly author?: string
}

/** What a visitor may land on. A campaign names its choices; `blog` and `docs` stand for any of them. */
export type Landing = 'home' | 'pricing' | 'blog' | 'docs' | 'guide' | 'compare'

const ada = 'Ada Example'
const ben = 'Ben Sample'
const chi = 'Chi Placeholder'
const dee = 'Dee Specimen'

const posts: readonly SitePage[] = [
  post('why-approvals-stall', 'Why approvals stall', ada),
  post('handover-checklist', 'The handover checklist', ada),
  post('stop-copying-rows', 'Stop copying rows between tools', ada),
  post('what-ops-teams-measure', 'What operations teams measure', ada),
  post('first-hundred-days', 'The first hundred days in operations', ada),
  post('quarter-end-without-tears', 'Quarter end without tears', ada),
  post('workflow-automation-guide', 'Workflow automation, a guide', ben),
  post('spreadsheet-to-workflow', 'From spreadsheet to workflow', ben),
  post('idempotent-automations', 'Automations that can run twice', ben),
  post('webhooks-explained', 'Webhooks, explained to colleagues', ben),
  post('audit-log-design', 'How we designed the audit log', ben),
  post('rate-limits-we-like', 'Rate limits we like', ben),
  post('testing-a-workflow', 'Testing a workflow before Monday', ben),
  post('release-notes-people-read', 'Release notes people read', chi),
  post('onboarding-in-a-day', 'Onboarding in a day', chi),
  post('templates-we-use', 'The templates we use ourselves', chi),
  post('meeting-free-wednesdays', 'Meeting-free Wednesdays', chi),
  post('remote-approvals', 'Approvals across time zones', chi),
  post('customer-story-harbour', 'How a harbour plans its berths', dee),
  post('customer-story-bakery', 'How a bakery closes its books', dee),
  post('customer-story-clinic', 'How a clinic hands over shifts', dee),
  post('cost-of-waiting', 'The cost of waiting', dee),
  post('buying-software-together', 'Buying software together', dee),
  post('security-questions', 'Security questions, answered once', dee),
  post('year-in-review', 'A year in review', dee),
]

const docs: readonly SitePage[] = [
  { path: '/docs', title: 'Documentation' },
  { path: '/docs/quick-start', title: 'Quick start' },
  { path: '/docs/workflows', title: 'Workflows' },
  { path: '/docs/api', title: 'API' },
  { path: '/docs/webhooks', title: 'Webhooks' },
  { path: '/docs/single-sign-on', title: 'Single sign-on' },
]

const home: SitePage = { path: '/', title: 'Acme: work that moves by itself' }
export const pricing: SitePage = { path: '/pricing', title: 'Pricing' }
export const signupForm: SitePage = { path: '/signup', title: 'Create an account' }
export const login: SitePage = { path: '/login', title: 'Log in' }
const guide: SitePage = { path: '/lp/workflow-automation', title: 'Workflow automation for teams' }
const compare: SitePage = { path: '/compare', title: 'Compare' }
const features: SitePage = { path: '/features', title: 'Features' }
const customers: SitePage = { path: '/customers', title: 'Customers' }

const appPages: readonly SitePage[] = [
  { path: '/inbox', title: 'Inbox' },
  { path: '/workflows', title: 'Workflows' },
  { path: '/workflows/editor', title: 'Editor' },
  { path: '/reports', title: 'Reports' },
  { path: '/settings/members', title: 'Members' },
]

export const appScreens: readonly string[] = ['Inbox', 'Approvals', 'Activity', 'Search']

/** The event of the feature that docs ask about. */
export const bigButton = 'Pressed Big Button'

export function landingPage(random: Random, landing: Landing): SitePage {
  switch (landing) {
    case 'blog':
      // Squared: a few posts bring most of the readers.
      return posts[Math.floor(random.next() ** 2 * posts.length)]!
    case 'docs':
      return random.pick(docs)
    case 'home':
      return home
    case 'pricing':
      return pricing
    case 'guide':
      return guide
    case 'compare':
      return compare
  }
}

/** Where somebody goes next on the public site. */
export function nextPage(random: Random, from: SitePage): SitePage {
  const options = from.path.startsWith('/docs')
    ? [...docs, pricing]
    : [home, features, pricing, customers, random.pick(posts), random.pick(posts), docs[0]!]
  return random.pick(options.filter((page) => page.path !== from.path))
}

export function appPage(random: Random): SitePage {
  return random.pick(appPages)
}

function post(slug: string, title: string, author: string): SitePage {
  return { path: `/blog/${slug}`, title, author }
}
