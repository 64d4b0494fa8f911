import { setTimeout as wait } from 'node:timers/promises'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { tasksOf } from '../../src/pipeline/run-steps.ts'
import { runTasks, type Task, touchedBy } from '../../src/pipeline/side-by-side.ts'
import { sql } from '../../src/warehouses/sql.ts'
import type { Warehouse } from '../../src/warehouses/warehouse.ts'

const names = ['a', 'b', 'c', 'd', 'e'] as const
const someNames = fc.uniqueArray(fc.constantFrom(...names), { maxLength: 3 })
const aList = fc.array(fc.record({ reads: someNames, writes: someNames, delay: fc.integer({ min: 0, max: 4 }) }), {
  maxLength: 12,
})

describe('tasks side by side', () => {
  it('leave the tables that they leave one after the other', async () => {
    await fc.assert(
      fc.asyncProperty(aList, fc.integer({ min: 1, max: 6 }), async (list, atOnce) => {
        // What a task writes says who wrote it and what stood in all it read when it began, and still when it ended.
        const build = (tables: Map<string, string>): Task[] =>
          list.map(({ reads, writes, delay }, i) => ({
            reads,
            writes,
            work: async () => {
              const seen = () => reads.map((name) => tables.get(name) ?? '').join('|')
              const before = seen()
              for (let turn = 0; turn < delay; turn++) await Promise.resolve()
              expect(seen()).toBe(before)
              for (const name of writes) tables.set(name, `${i}(${before.length}:${before.slice(-40)})`)
            },
          }))
        const inTurn = new Map<string, string>()
        for (const task of build(inTurn)) await task.work(new AbortController().signal)
        const beside = new Map<string, string>()
        await runTasks(build(beside), atOnce)
        expect(Object.fromEntries(beside)).toEqual(Object.fromEntries(inTurn))
      }),
    )
  })

  it('run as many at a time as allowed, no more, and in their order', async () => {
    for (const atOnce of [1, 3]) {
      let running = 0
      let most = 0
      const order: number[] = []
      const work = (i: number) => async () => {
        order.push(i)
        most = Math.max(most, ++running)
        await wait(2)
        running--
      }
      await runTasks(
        [0, 1, 2, 3, 4].map((i) => ({ reads: [], writes: [`t${i}`], work: work(i) })),
        atOnce,
      )
      expect(most).toBe(atOnce)
      expect(order).toEqual([0, 1, 2, 3, 4])
    }
  })

  it('end with the first failure: nothing more begins, what runs is cancelled and waited for', async () => {
    const log: string[] = []
    const cancelled: Task = {
      reads: [],
      writes: ['b'],
      work: async (signal) => {
        await new Promise((resolve) => signal.addEventListener('abort', resolve))
        await wait(5)
        log.push('cancelled one has ended')
        throw new Error('cancelled')
      },
    }
    const failing: Task = { reads: [], writes: ['a'], work: () => Promise.reject(new Error('it failed')) }
    const later: Task = { reads: [], writes: ['c'], work: async () => void log.push('later') }
    await expect(runTasks([failing, cancelled, later], 2)).rejects.toThrow('it failed')
    expect(log).toEqual(['cancelled one has ended'])
  })

  it('are cancelled from outside', async () => {
    const outside = new AbortController()
    const work = (signal: AbortSignal) =>
      new Promise<void>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    const running = runTasks([{ reads: [], writes: ['a'], work }], 2, outside.signal)
    outside.abort(new Error('stopped by hand'))
    await expect(running).rejects.toThrow('stopped by hand')
  })
})

describe('what a step needs', () => {
  it('is what its SQL names', () => {
    const from = (name: string) => sql`select 1 as one from ${sql.staging(name)} join ${sql.table('visits')} on 1 = 1`
    expect(touchedBy({ into: 'x', select: from('y') })).toEqual({ reads: ['y'], writes: ['x'] })
    expect(touchedBy({ into: 'x', ranges: from('r'), select: () => from('y') })).toEqual({
      reads: ['y', 'r'],
      writes: ['x'],
    })
    // Whom it is about, few or many: either may name others.
    const keyed = {
      into: 'x',
      keys: from('k'),
      select: (keys: readonly string[] | null) => from(keys ? 'few' : 'many'),
    }
    expect(touchedBy(keyed)).toEqual({ reads: ['few', 'k', 'many'], writes: ['x'] })
    expect(touchedBy({ repeat: [{ into: 'x', select: from('y') }], remaining: from('z') })).toEqual({
      reads: ['z', 'y'],
      writes: ['x'],
    })
  })
})

describe('steps of a stage', () => {
  const from = (name: string) => sql`select 1 as one from ${sql.staging(name)}`
  const steps = [
    { into: 'slow', select: from('wide') },
    { into: 'quick', select: from('wide'), discards: ['wide'] },
  ]

  it('leave a table that is dropped to those before who still read it', async () => {
    const log: string[] = []
    const warehouse: Pick<Warehouse, 'stage' | 'dropStaging'> = {
      stage: async (name) => {
        await wait(name === 'slow' ? 10 : 0)
        log.push(name)
      },
      dropStaging: async (names) => void log.push(`drop ${names}`),
    }
    await runTasks(tasksOf(warehouse as Warehouse, 'a stage', steps), 2)
    expect(log).toEqual(['quick', 'slow', 'drop wide'])
  })

  it('are told as done when they are, and a drop is cancelled with the rest', async () => {
    let told = 0
    let cancelled = false
    const warehouse: Pick<Warehouse, 'stage' | 'dropStaging'> = {
      stage: async (name) => {
        if (name !== 'failing') return
        await wait(5)
        throw new Error('it failed')
      },
      dropStaging: (_, options) =>
        new Promise((_, reject) =>
          options?.signal?.addEventListener('abort', () => {
            cancelled = true
            reject(options.signal?.reason)
          }),
        ),
    }
    const failing = { into: 'failing', select: from('narrow') }
    const tasks = tasksOf(warehouse as Warehouse, 'a stage', [...steps, failing], () => void told++)
    await expect(runTasks(tasks, 3)).rejects.toThrow('it failed')
    expect({ told, cancelled }).toEqual({ told: 2, cancelled: true })
  })
})
