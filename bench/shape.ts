/** What history the generator makes. Equal shapes give equal rows, on any machine with this version of DuckDB. */
export interface Shape {
  /** Messages to aim at; chance decides the last few percent. */
  readonly events: number
  readonly people: number
  readonly months: number
  /** Devices that a person has, on average. */
  readonly devices: number
  /** Of all messages: half of these are received late, half become readable late. */
  readonly lateShare: number
  /** How late at most. */
  readonly lateDays: number
  /** Messages that one increment finds new; null for those of an average day of the last month. */
  readonly news: number | null
  /** How many times news are held back. */
  readonly held: number
  readonly seed: number
}

/** Messages a person sends over 24 months, on average, when nothing else is said. */
export const EVENTS_PER_PERSON = 53

/** When history ends. It is fixed: no run may see a message of its future. */
export const END = '2026-01-01 00:00:00'

/** Seconds of an average month. */
const MONTH = 2_629_800

/** Seconds of history. */
export const secondsOf = ({ months }: Shape): number => Math.round(months * MONTH)

/** Messages that a slice of history holds at most, about: what is sorted at a time stays small. */
const SLICE = 500_000

/** How many parts history is generated in: months, or shorter ones of a large history. */
export const slicesOf = ({ months, events }: Shape): number => Math.ceil(Math.max(months, events / SLICE))
