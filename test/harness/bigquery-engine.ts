import { randomBytes } from 'node:crypto'
import { BigQuery } from '@google-cloud/bigquery'
import { type BigqueryOptions, openBigquery } from '../../src/warehouses/bigquery.ts'
import type { Warehouse } from '../../src/warehouses/warehouse.ts'
import { type BigQueryStandIn, startBigQuery } from '../standins/bigquery/stand-in.ts'
import { configuredPlace } from './configured.ts'
import type { TestEngine } from './engines.ts'

/** A stand-in, or the project of the configuration. */
export async function bigqueryEngine(): Promise<TestEngine> {
  const place = await configuredPlace('bigquery')
  return place ? configured(place) : standInEngine()
}

/** A stand-in that tests can look into. */
export interface BigqueryEngine extends TestEngine {
  readonly standIn: BigQueryStandIn
  /** A project with nothing in it, and who opens warehouses in it. */
  project(more?: Partial<BigqueryOptions>): () => Promise<Warehouse>
}

/** Credentials that ask nobody: the client takes any object that has headers to give. */
const TOKEN = { getRequestHeaders: async () => new Headers({ authorization: 'Bearer stand-in' }) } as never

/** Each warehouse has a project of its own. */
export async function standInEngine(): Promise<BigqueryEngine> {
  const standIn = await startBigQuery()
  let projects = 0
  const project = (more: Partial<BigqueryOptions> = {}) => {
    const place = { project: `tests-${++projects}`, schema: 'tributary', location: 'US', apiEndpoint: standIn.url }
    return () => opened({ ...place, ...more })
  }
  const opened = async (options: BigqueryOptions): Promise<Warehouse> => {
    const warehouse = await openBigquery(options, TOKEN)
    await warehouse.createTables([]) // makes the datasets
    return warehouse
  }
  return { standIn, project, open: () => project()(), stop: () => standIn.close() }
}

/** Each warehouse in datasets of its own, dropped at the end. */
function configured(place: BigqueryOptions): TestEngine {
  const datasets: string[] = []
  return {
    async open() {
      const schema = `tributary_test_${randomBytes(4).toString('hex')}`
      datasets.push(schema, `${schema}_staging`)
      const warehouse = await openBigquery({ ...place, schema, stagingDataset: undefined })
      await warehouse.createTables([])
      return warehouse
    },
    async stop() {
      const { project, location, keyFile, apiEndpoint } = place
      const client = new BigQuery({ projectId: project, location, keyFilename: keyFile, apiEndpoint })
      for (const dataset of datasets) await client.dataset(dataset).delete({ force: true })
    },
  }
}
