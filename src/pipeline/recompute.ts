import type { StageContext } from './stage.ts'

/**
 * What a run computes anew beside what is new, because settings, reference data or SQL changed. Each level only widens
 * what counts as affected; the steps are those of every run. `StageContext.isRebuild` stands above all of them.
 */
export interface Recompute {
  /** Stored events are compared with what they would be now; those that differ are withdrawn and taken in again. */
  readonly events: boolean
  /** Lines that were refused for their ids or times are tried again. */
  readonly refused: boolean
  /** Conversions whose candidates are made anew from `events`; those no longer configured lose them. */
  readonly candidates: readonly string[]
  /** Conversions whose people are affected. */
  readonly conversions: readonly string[]
  /** Every device is asked again who owns its visits. */
  readonly identities: boolean
  /** Everyone is affected. */
  readonly people: boolean
  /** Conversions whose credit is computed anew, also that of people who are not affected. */
  readonly credits: readonly string[]
  /** `channel_stats` is compared with what it sums up. */
  readonly rollups: boolean
  /** Every company is computed anew. */
  readonly companies: boolean
}

/** Nothing but what is new. */
export const NO_RECOMPUTE: Recompute = {
  events: false,
  refused: false,
  candidates: [],
  conversions: [],
  identities: false,
  people: false,
  credits: [],
  rollups: false,
  companies: false,
}

/** Whether stages after `ingest` have something to do although nothing is new. */
export const isRecomputing = ({ isRebuild, recompute: r }: StageContext): boolean =>
  isRebuild ||
  r.identities ||
  r.people ||
  r.rollups ||
  r.candidates.length + r.conversions.length + r.credits.length > 0

/** Whether a run computes more than what its new rows touch. */
export const isBeyondNews = (c: StageContext): boolean => isRecomputing(c) || c.recompute.events
