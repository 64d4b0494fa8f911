import { afterAll } from 'vitest'
import type { Warehouse } from '../../src/warehouses/warehouse.ts'

/** An engine for tests: a stand-in or a real one, and empty warehouses on it. */
export interface TestEngine {
  open(): Promise<Warehouse>
  stop(): Promise<void>
}

const engines = {
  duckdb: async () => (await import('./duckdb-engine.ts')).duckdbEngine(),
  postgres: async () => (await import('./postgres-engine.ts')).postgresEngine(),
  redshift: async () => (await import('./redshift-engine.ts')).redshiftEngine(),
  bigquery: async () => (await import('./bigquery-engine.ts')).bigqueryEngine(),
} satisfies Record<string, () => Promise<TestEngine>>

export type EngineName = keyof typeof engines
export const engineNames = Object.keys(engines) as EngineName[]

/** Which engine the tests that run on every one are run on: by the environment, as vitest.config.ts and `npm run conformance` set it. */
const isKnown = (name: string): name is EngineName => Object.hasOwn(engines, name)

function testedEngine(): EngineName {
  const name = process.env.TRIBUTARY_TEST_WAREHOUSE ?? 'duckdb'
  if (!isKnown(name)) throw new Error(`Expected one of ${engineNames.join(', ')}, but got ${name}.`)
  return name
}

/** How to open empty warehouses of an engine within a test file: started with the first, stopped with the file. */
export function openOn(name: EngineName): () => Promise<Warehouse> {
  let started: Promise<TestEngine> | undefined
  afterAll(async () => {
    await (await started)?.stop()
  })
  return async () => {
    started ??= engines[name]()
    return (await started).open()
  }
}

/** The same for the engine under test. */
export const openTested = openOn(testedEngine())
