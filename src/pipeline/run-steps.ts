import type { Row, RunOptions, Warehouse } from '../warehouses/warehouse.ts'
import { readRanges } from './ranges.ts'
import { type Task, touchedBy } from './side-by-side.ts'
import { keysAsked, type Loop, MOST_KEYS, type SingleStep } from './stage.ts'

/** Steps as work that may run side by side: what nothing after a step reads is dropped once all that read it are done. */
export function tasksOf(
  warehouse: Warehouse,
  label: string,
  steps: readonly (SingleStep | Loop)[],
  ended?: () => void,
): readonly Task[] {
  return steps.flatMap((step) => {
    const work = async (signal: AbortSignal) => {
      await runStep(warehouse, step, { signal, label })
      ended?.()
    }
    const discards = 'discards' in step ? (step.discards ?? []) : []
    const dropAll = (signal: AbortSignal) => warehouse.dropStaging(discards, { signal, label })
    const drop = { reads: [], writes: discards, work: dropAll }
    return [{ ...touchedBy(step), work }, ...(discards.length > 0 ? [drop] : [])]
  })
}

/** Asks what the step asks first, and makes its staging table. */
export async function runStep(warehouse: Warehouse, step: SingleStep | Loop, options: RunOptions): Promise<void> {
  if ('ranges' in step) {
    const ranges = await readRanges(warehouse, step.ranges, options)
    await warehouse.stage(step.into, step.select(ranges), options)
    return
  }
  if ('keys' in step) {
    const rows = await warehouse.query<Row & { id: string }>(keysAsked(step), options)
    const keys = rows.length > MOST_KEYS ? null : rows.map(({ id }) => id)
    await warehouse.stage(step.into, step.select(keys), options)
    return
  }
  if ('into' in step) {
    await warehouse.stage(step.into, step.select, options)
    return
  }
  for (;;) {
    const [row] = await warehouse.query<Row & { remaining: number }>(step.remaining, options)
    if (!row?.remaining) return
    for (const repeated of step.repeat) await warehouse.stage(repeated.into, repeated.select, options)
  }
}
