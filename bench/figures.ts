import { median } from './measure.ts'
import type { Built, Generated, Increment, Lean, Profile, Sorted } from './phases.ts'
import type { RunFigures } from './pipeline-run.ts'
import type { Shape } from './shape.ts'

/** What one history gave: each phase with its cost. Baselines are null where they were not asked for. */
export interface Figures {
  readonly shape: Shape
  readonly generate: Generated
  readonly lean: Lean | null
  readonly sort: Sorted | null
  readonly build: Built
  readonly increments: readonly Increment[]
  readonly profile: Profile
  readonly verify: RunFigures | null
}

/** What the phases amount to. */
export interface Summary {
  /** Messages in the history before the increments. */
  readonly events: number
  readonly news: number
  readonly incrementSeconds: number
  readonly incrementCpuSeconds: number
  readonly incrementPeakMegabytes: number
  /** Rows of `events` that an increment read, by the engine's own count. */
  readonly eventsScanned: number
  /** How many times as long: by the clock, and by the processor's time, which a busy machine disturbs less. */
  readonly ratios: Readonly<Record<RatioName, { readonly time: number; readonly cpu: number }>> | null
  /** What a rebuild after the increments wrote: anything but 0 is a defect. Null when it was not asked for. */
  readonly rowsWrittenByRebuild: number | null
}

export type RatioName = 'incrementToLean' | 'buildToLean' | 'buildToSort'

/** Sums the figures up. */
export function summarize({ generate, lean, sort, build, increments, profile, verify }: Figures): Summary {
  const increment = {
    seconds: median(increments.map((run) => run.seconds)),
    cpuSeconds: median(increments.map((run) => run.cpuSeconds)),
  }
  return {
    events: generate.events,
    news: generate.news,
    incrementSeconds: increment.seconds,
    incrementCpuSeconds: increment.cpuSeconds,
    incrementPeakMegabytes: Math.max(...increments.map((run) => run.peakMegabytes)),
    eventsScanned: profile.scanned['tributary.events'] ?? 0,
    ratios:
      lean && sort
        ? {
            incrementToLean: ratio(increment, lean),
            buildToLean: ratio(build, lean),
            buildToSort: ratio(build, sort),
          }
        : null,
    rowsWrittenByRebuild: verify?.rowsWritten ?? null,
  }
}

type Times = { readonly seconds: number; readonly cpuSeconds: number }

/** How many times as much of the clock and of the processor one took as the other. */
export const ratio = (a: Times, b: Times) => ({ time: a.seconds / b.seconds, cpu: a.cpuSeconds / b.cpuSeconds })
