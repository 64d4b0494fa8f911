import type { PipelineOptions } from '../../src/pipeline/options.ts'
import { compareTexts } from './duplicates.ts'
import { DAY } from './time.ts'
import type { Conversion, Touch } from './types.ts'

/** A whole conversion. */
const BILLION = 1_000_000_000n

/** Position of the touch that takes all, in a list that is not empty. */
const SINGLE_TOUCH_MODELS = {
  first_touch: () => 0,
  last_touch: (touches: readonly Touch[]) => touches.length - 1,
  last_non_direct: (touches: readonly Touch[]) => firstFound(lastIndex(touches, isNotDirect), touches.length - 1),
  first_paid: (touches: readonly Touch[]) =>
    firstFound(
      touches.findIndex((t) => t.isPaid),
      touches.findIndex(isNotDirect),
      0,
    ),
  last_paid: (touches: readonly Touch[]) =>
    firstFound(
      lastIndex(touches, (t) => t.isPaid),
      lastIndex(touches, isNotDirect),
      touches.length - 1,
    ),
}

export const MODELS = [...(Object.keys(SINGLE_TOUCH_MODELS) as (keyof typeof SINGLE_TOUCH_MODELS)[]), 'linear'] as const
export type Model = (typeof MODELS)[number]

export interface Credit {
  conversion: Conversion
  /** Null for `Unattributed`. */
  touch: Touch | null
  position: number
  touchCount: number
  credit: Record<Model, bigint>
  revenue: Record<Model, bigint | null>
}

/** What each model gives each eligible touch of each conversion. */
export function creditsOf(
  conversions: readonly Conversion[],
  touches: readonly Touch[],
  settings: PipelineOptions,
): Credit[] {
  return conversions.flatMap((conversion) => {
    const eligible = eligibleTouches(conversion, touches, settings.conversions[conversion.conversion]!.lookbackDays)
    const takers: (Touch | null)[] = eligible.length === 0 ? [null] : eligible
    return takers.map((touch, i): Credit => {
      const share = (total: bigint | null, model: Model) => (total === null ? null : shareOf(total, model, eligible, i))
      return {
        conversion,
        touch,
        position: touch === null ? 0 : i + 1,
        touchCount: eligible.length,
        credit: perModel((model) => share(BILLION, model)!),
        revenue: perModel((model) => share(conversion.value, model)),
      }
    })
  })
}

/** The person's touches from the lookback up to the conversion, both ends included, in their order. */
export function eligibleTouches(
  conversion: Conversion,
  touches: readonly Touch[],
  lookbackDays: number | null,
): Touch[] {
  const from = lookbackDays === null ? Number.NEGATIVE_INFINITY : conversion.convertedAt - lookbackDays * DAY
  return touches
    .filter((t) => t.session.personId === conversion.personId)
    .filter((t) => from <= t.touchedAt && t.touchedAt <= conversion.convertedAt)
    .sort((a, b) => compareTexts(a.orderKey, b.orderKey))
}

/** What a model gives the touch at `index`. Without touches the one row `Unattributed` takes all. */
function shareOf(total: bigint, model: Model, touches: readonly Touch[], index: number): bigint {
  if (touches.length === 0) return total
  if (model !== 'linear') return SINGLE_TOUCH_MODELS[model](touches) === index ? total : 0n

  // Division of bigints cuts towards zero, so a negative total is split by its size.
  const count = BigInt(touches.length)
  const equal = total / count
  return index === touches.length - 1 ? total - equal * (count - 1n) : equal
}

function isNotDirect(touch: Touch): boolean {
  return !touch.isDirect
}

function lastIndex(touches: readonly Touch[], test: (touch: Touch) => boolean): number {
  return touches.findLastIndex(test)
}

/** The first index that was found. */
function firstFound(...indexes: number[]): number {
  return indexes.find((index) => index !== -1)!
}

function perModel<T>(value: (model: Model) => T): Record<Model, T> {
  return Object.fromEntries(MODELS.map((model) => [model, value(model)])) as Record<Model, T>
}
