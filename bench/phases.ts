import { openWarehouse } from '../src/warehouses/open.ts'
import { sql } from '../src/warehouses/sql.ts'
import type { Row, Warehouse } from '../src/warehouses/warehouse.ts'
import {
  configOf,
  dataFile,
  megabytes,
  openData,
  type Place,
  removeDatabase,
  warehouseFile,
  withScratch,
} from './files.ts'
import { generate, type History, makeReadable } from './generate.ts'
import { type LeanResult, leanEvents, rebuildLean } from './lean-rebuild.ts'
import { type Cost, measured } from './measure.ts'
import { type RunFigures, runMeasured } from './pipeline-run.ts'
import { type ProfiledWarehouse, profiled } from './profile.ts'
import type { Shape } from './shape.ts'

/** What a phase is asked to do. */
export interface Task extends Place {
  readonly phase: keyof typeof phases
  readonly shape: Shape
  readonly runs: number
  readonly isProfiled: boolean
}

export type Generated = Cost & History
export type Lean = Cost & LeanResult
/** A sort of all that the lean rebuild reads, and one of two numbers per message. */
export type Sorted = Cost & { readonly narrow: Cost }
export type Built = RunFigures & {
  readonly stateMegabytes: number
  readonly fileMegabytes: number
  readonly report: string | null
}
export type Increment = RunFigures & { readonly checkpointSeconds: number }
/** One more increment: rows read per table by the engine's own count, and its slowest statements. */
export interface Profile {
  readonly scanned: Readonly<Record<string, number>>
  readonly report: string
}

/** The phases of a benchmark. Each is run in a process of its own. */
export const phases = {
  async generate(task: Task): Promise<Generated> {
    await removeDatabase(dataFile(task))
    const warehouse = await openData(task)
    const tell = (text: string) => console.error(`generate: ${text}`)
    const { result, ...cost } = await measured(() => generate(warehouse, task.shape, tell))
    await warehouse.close()
    return { ...cost, ...result }
  },

  lean: (task: Task): Promise<Lean> =>
    withScratch(task, 'lean.duckdb', async (warehouse) => {
      const { result, ...cost } = await measured(() => rebuildLean(warehouse))
      return { ...cost, ...result }
    }),

  sort: (task: Task): Promise<Sorted> =>
    withScratch(task, 'sort.duckdb', async (warehouse) => {
      const create = (name: string, select: string) =>
        measured(() => warehouse.execute(sql.raw(`create table lean.${name} as\n${select}`)))
      const person = 'coalesce(user_id, anonymous_id)'
      const narrow = await create(
        'narrow',
        `select hash(${person}) as person, epoch_us(happened_at) as micros from (${leanEvents}) as e order by person, micros`,
      )
      const wide = await create('wide', `select * from (${leanEvents}) as e order by ${person}, happened_at, id`)
      return { ...costOf(wide), narrow: costOf(narrow) }
    }),

  build: (task: Task): Promise<Built> =>
    inWarehouse(task, task.isProfiled, async (warehouse, profile) => {
      const before = await usedMegabytes(warehouse)
      profile?.reset()
      const figures = await runMeasured(task, warehouse, 'increment')
      const report = profile?.report() ?? null
      await warehouse.execute(sql.raw('checkpoint'))
      return {
        ...figures,
        stateMegabytes: (await usedMegabytes(warehouse)) - before,
        fileMegabytes: await megabytes(warehouseFile(task)),
        report,
      }
    }),

  increments: (task: Task): Promise<readonly Increment[]> =>
    inWarehouse(task, false, async (warehouse) => {
      const runs: Increment[] = []
      for (let number = 1; number <= task.runs; number++) {
        await makeReadable(warehouse, number)
        const figures = await runMeasured(task, warehouse, 'increment')
        const { seconds } = await measured(() => warehouse.execute(sql.raw('checkpoint')))
        runs.push({ ...figures, checkpointSeconds: seconds })
      }
      return runs
    }),

  profile: (task: Task): Promise<Profile> =>
    inWarehouse(task, true, async (warehouse, profile) => {
      await makeReadable(warehouse, task.runs + 1)
      profile?.reset()
      await runMeasured(task, warehouse, 'increment')
      return { scanned: profile?.scanned() ?? {}, report: profile?.report() ?? '' }
    }),

  verify: (task: Task): Promise<RunFigures> =>
    inWarehouse(task, false, (warehouse) => runMeasured(task, warehouse, 'rebuild')),
}

/** Opens the warehouse as a command would, profiled or not, and closes it. */
async function inWarehouse<T>(
  task: Task,
  isProfiled: boolean,
  work: (warehouse: Warehouse, profile: ProfiledWarehouse | null) => Promise<T>,
): Promise<T> {
  const opened = await openWarehouse(configOf(task).warehouse)
  const profile = isProfiled ? profiled(opened) : null
  const warehouse = profile ?? opened
  try {
    return await work(warehouse, profile)
  } finally {
    await warehouse.close()
  }
}

/** What the tables of the warehouse's file occupy, without free blocks. */
async function usedMegabytes(warehouse: Warehouse): Promise<number> {
  const [row] = await warehouse.query<Row & { bytes: number }>(
    sql.raw(
      'select cast(used_blocks * block_size as bigint) as bytes from pragma_database_size() where database_name = current_database()',
    ),
  )
  return Math.round((row?.bytes ?? 0) / 2 ** 20)
}

const costOf = ({ seconds, cpuSeconds, peakMegabytes }: Cost): Cost => ({ seconds, cpuSeconds, peakMegabytes })
