import type { Warehouse } from '../warehouses/warehouse.ts'

/** Runs that a request reads from: their rows stay until it releases them. */
export interface Pins {
  pin(run: number): void
  release(): void
}

/** What the requests of this process hold, by warehouse. */
const held = new WeakMap<Warehouse, Set<readonly number[]>>()

/** Pins for one request. */
export function holdRuns(warehouse: Warehouse): Pins {
  const all = held.get(warehouse) ?? new Set()
  held.set(warehouse, all)
  const runs: number[] = []
  return {
    pin(run) {
      runs.push(run)
      all.add(runs)
    },
    release: () => void all.delete(runs),
  }
}

/** The oldest run that a request of this process reads from; null when none is held. */
export function oldestPin(warehouse: Warehouse): number | null {
  const runs = [...(held.get(warehouse) ?? [])].flat()
  return runs.length === 0 ? null : Math.min(...runs)
}
