import { monthOf, type Period, progress } from './calendar.ts'
import type { Random } from './random.ts'
import type { Landing } from './site.ts'

/**
 * One way to reach Acme, and what it is called: the truth about a visit is written down here, before any message
 * exists.
 */
export interface TrafficSource {
  readonly label: Label
  readonly arrival: Arrival
  readonly share: Share
  readonly people: People
  /** Parts of the year in which it runs, each from 0 to 1; always when left out. */
  readonly runs?: readonly (readonly [number, number])[]
}

/** What the channel rules should make of it: a default channel group and a normalised source. */
interface Label {
  readonly channel: string
  readonly source: string | null
  /** `{month}` stands for the month of the visit. */
  readonly campaign: string | null
}

/** What the browser sees on arrival. */
interface Arrival {
  /** `document.referrer`. */
  readonly referrer: string
  readonly landings: readonly Landing[]
  /** Parameters of the address, beside the campaign. */
  readonly utm?: {
    readonly source: string
    readonly medium?: string
    readonly content?: string
    readonly term?: string
  }
  readonly clickId?: 'gclid' | 'msclkid' | 'li_fat_id'
}

/** How often it starts, continues and ends a journey. Weights among all sources. */
export interface Share {
  readonly opens: number
  readonly assists: number
  readonly closes: number
}

/** Whom it brings. */
export interface People {
  /** Share of them who sign up some day. */
  readonly signupRate: number
  /** Mean number of further visits until they do. */
  readonly consideration: number
  /** Size of their deals and readiness to buy; 1 is usual. */
  readonly deal: number
}

/** Chooses among the sources that run at `at`. */
export function chooseSource(
  sources: readonly TrafficSource[],
  role: keyof Share,
  random: Random,
  period: Period,
  at: number,
): TrafficSource {
  const now = progress(period, at)
  const isRunning = (s: TrafficSource) => s.runs === undefined || s.runs.some(([from, to]) => now >= from && now < to)
  return random.weighted(sources, (s) => (isRunning(s) ? s.share[role] : 0))
}

/** The campaign's name at that time; newsletters are named after their month. */
export function campaignAt(source: TrafficSource, at: number): string | null {
  return source.label.campaign?.replace('{month}', monthOf(at)) ?? null
}
