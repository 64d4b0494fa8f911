import type { Sql } from '../warehouses/sql.ts'
import { keysAsked, type Loop, queryOf, type SingleStep } from './stage.ts'

/** Work on staging tables. */
export interface Task {
  /** Names of the staging tables it reads. */
  readonly reads: readonly string[]
  /** Names of those it makes, replaces or drops. */
  readonly writes: readonly string[]
  readonly work: (signal: AbortSignal) => Promise<void>
}

/** Which staging tables pieces of SQL name, each once. */
export const stagingIn = (...pieces: readonly Sql[]): readonly string[] => [
  ...new Set(pieces.flatMap(({ parts }) => parts.flatMap((part) => (part.kind === 'staging' ? [part.name] : [])))),
]

/** What a step reads and makes: its own words say it. */
export function touchedBy(step: SingleStep | Loop): Pick<Task, 'reads' | 'writes'> {
  if ('repeat' in step) {
    return {
      reads: stagingIn(step.remaining, ...step.repeat.map(({ select }) => select)),
      writes: step.repeat.map(({ into }) => into),
    }
  }
  const asked = 'ranges' in step ? [step.ranges] : 'keys' in step ? [keysAsked(step), step.select(null)] : []
  return { reads: stagingIn(queryOf(step), ...asked), writes: [step.into] }
}

/** Whether a later task has to wait for an earlier one. */
function mustFollow(later: Task, earlier: Task): boolean {
  const meet = (a: readonly string[], b: readonly string[]) => a.some((name) => b.includes(name))
  return meet(later.reads, earlier.writes) || meet(later.writes, earlier.writes) || meet(later.writes, earlier.reads)
}

/**
 * Carries tasks out, at most `atOnce` at a time: as if one after the other in their order, for a task begins when those
 * before it are done that make what it reads, or read what it replaces. When one fails, none is begun any more; those
 * under way are cancelled and waited for, and its error is thrown. With one at a time the order is that of the list.
 */
export async function runTasks(tasks: readonly Task[], atOnce: number, signal?: AbortSignal): Promise<void> {
  const stop = new AbortController()
  const either = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal
  const waitsFor = tasks.map((task, i) => new Set(tasks.flatMap((t, j) => (j < i && mustFollow(task, t) ? [j] : []))))
  const waiting = new Set(tasks.keys())
  const running = new Map<number, Promise<void>>()
  const failures: unknown[] = []
  const begin = (i: number): void => {
    waiting.delete(i)
    const task = Promise.resolve()
      .then(() => {
        either.throwIfAborted()
        return tasks[i]?.work(either)
      })
      .catch((error: unknown) => {
        failures.push(error)
        stop.abort(error)
      })
      .finally(() => {
        running.delete(i)
        for (const others of waitsFor) others.delete(i)
      })
    running.set(i, task)
  }
  for (;;) {
    for (const i of waiting) {
      if (failures.length > 0 || running.size >= atOnce) break
      if (waitsFor[i]?.size === 0) begin(i)
    }
    if (running.size === 0) break
    await Promise.race(running.values())
  }
  if (failures.length > 0) throw failures[0]
}
