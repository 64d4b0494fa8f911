import { afterAll, beforeAll } from 'vitest'
import { type BigqueryOptions, openBigquery } from '../../../src/warehouses/bigquery.ts'
import type { Warehouse } from '../../../src/warehouses/warehouse.ts'
import { type BigQueryStandIn, startBigQuery } from './stand-in.ts'

/** Credentials that ask nobody: the client takes any object that has headers to give. */
const TOKEN = { getRequestHeaders: async () => new Headers({ authorization: 'Bearer stand-in' }) } as never

/** A stand-in for the tests of a file. Each warehouse that is opened has a project of its own, with nothing in it. */
export function bigQueryStandIn(): {
  open(more?: Partial<BigqueryOptions>): Promise<Warehouse>
  standIn(): BigQueryStandIn
} {
  let standIn: BigQueryStandIn
  let projects = 0
  beforeAll(async () => {
    standIn = await startBigQuery()
  })
  afterAll(() => standIn.close())
  return {
    standIn: () => standIn,
    async open(more) {
      const place = { project: `project-${++projects}`, dataset: 'tributary', location: 'US', apiEndpoint: standIn.url }
      const warehouse = await openBigquery({ ...place, ...more }, TOKEN)
      await warehouse.createTables([]) // makes the datasets
      return warehouse
    },
  }
}
