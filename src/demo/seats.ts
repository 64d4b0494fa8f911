import type { Journey } from './journeys.ts'

export type Role = 'admin' | 'member' | 'viewer'

/** A place in a company's account, as the product database has it. */
export interface Seat {
  readonly companyId: string
  readonly userId: string
  readonly role: Role
  readonly joinedAt: number
}

/** What somebody did, and their seat: null when they never got an account. */
export interface Seated {
  readonly journey: Journey
  readonly seat: Seat | null
}
