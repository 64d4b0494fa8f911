import type { PipelineOptions } from '../../src/pipeline/options.ts'
import { eligibleTouches } from './credits.ts'
import type { Conversion, Event, Session, Touch } from './types.ts'
import { isLike } from './url.ts'

export interface Attribution {
  personId: string
  signedUpAt: number
  sessionCountBeforeSignup: number
  signupSession: Session | null
  signupSessionNumber: number | null
  blogUrl: string | null
  /** The person's first page with a URL. */
  firstPage: Event | null
  firstTouch: Touch | null
  lastTouch: Touch | null
  firstPaidTouch: Touch | null
  lastPaidTouch: Touch | null
}

/** The attribution row of each signed-up person. All its touches lie at or before the signup, however old. */
export function attributionOf(
  conversions: readonly Conversion[],
  sessions: readonly Session[],
  touches: readonly Touch[],
  settings: PipelineOptions,
): Attribution[] {
  return conversions
    .filter((c) => c.conversion === 'signup')
    .map((signup) => {
      const ofPerson = sessions.filter((s) => s.personId === signup.personId).sort((a, b) => a.startedAt - b.startedAt)
      const signupSession = ofPerson.find((s) => s.sessionId === signup.sessionId) ?? null
      const before = ofPerson.filter((s) => s.startedAt < (signupSession?.startedAt ?? signup.convertedAt))
      const pages = ofPerson.flatMap((s) => s.events.map((e) => e.event)).filter((e) => e.type === 'page')
      const soFar = eligibleTouches(signup, touches, null)
      return {
        personId: signup.personId,
        signedUpAt: signup.convertedAt,
        sessionCountBeforeSignup: before.length,
        signupSession,
        signupSessionNumber: signupSession === null ? null : ofPerson.indexOf(signupSession) + 1,
        blogUrl: blogUrl(pages, signup.convertedAt, settings.blogPattern),
        firstPage: pages.find((page) => page.pageUrl !== null) ?? null,
        firstTouch: soFar.at(0) ?? null,
        lastTouch: soFar.at(-1) ?? null,
        firstPaidTouch: soFar.find((t) => t.isPaid) ?? null,
        lastPaidTouch: soFar.findLast((t) => t.isPaid) ?? null,
      }
    })
}

function blogUrl(pages: readonly Event[], signedUpAt: number, pattern: string | null): string | null {
  if (pattern === null) return null
  const first = pages.find((page) => page.pagePath !== null && isLike(page.pagePath, pattern))
  return first !== undefined && first.occurredAt <= signedUpAt ? first.pageUrl : null
}
