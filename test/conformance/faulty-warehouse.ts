import { QueryError } from '../../src/errors.ts'
import type { RunOptions, Warehouse } from '../../src/warehouses/warehouse.ts'

/** A call of the warehouse that a run makes. */
export interface Call {
  /** From 1, in the order of the run. */
  readonly number: number
  readonly method: Method
  readonly label: string
}

/** Calls that fail: every one that reaches the engine. */
const METHODS = [
  ...['query', 'execute', 'transaction', 'createTables', 'createView', 'stage', 'dropStaging'],
  ...['loadLines', 'loadTabular', 'load', 'loadStaging', 'describeTable', 'describeTables', 'maintain', 'ping'],
] as readonly Method[]
type Method = Exclude<keyof Warehouse, 'dialect' | 'writer' | 'isExclusive' | 'atOnce' | 'close'>

/** What goes wrong with a call: it is not made, or it is made and its answer is lost. */
export type Fault = 'before' | 'after'

/** A failure that was ordered. */
export class Broken extends Error {}

const broken = (message: string): Error => new Broken(message)

/** A failure that may pass: the connection was lost. */
export const lost = (message: string): Error =>
  new QueryError(message, { warehouse: 'a test', text: 'not shown', isTransient: true })

/** The warehouse, with what `fate` says happening to each call. As new as one that another process has opened. */
export function faulty(
  warehouse: Warehouse,
  fate: (call: Call) => Fault | null | Promise<Fault | null>,
  failure = broken,
): Warehouse {
  let number = 0
  const wrap =
    (method: Method) =>
    async (...args: readonly unknown[]) => {
      const options = args.find((a): a is RunOptions => typeof a === 'object' && a !== null && 'label' in a)
      const call = { number: ++number, method, label: options?.label ?? '' }
      const fault = await fate(call)
      if (fault === 'before') throw failure(`call ${call.number}, ${method}, was not made`)
      const result = await (warehouse[method] as (...args: readonly unknown[]) => Promise<unknown>)(...args)
      if (fault === 'after') throw failure(`the answer of call ${call.number}, ${method}, was lost`)
      return result
    }
  return { ...warehouse, ...Object.fromEntries(METHODS.map((method) => [method, wrap(method)])) } as Warehouse
}
