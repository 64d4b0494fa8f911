import { copyFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Config } from '../src/config/config.ts'
import { checkConfig } from '../src/config/read.ts'
import { openWarehouse } from '../src/warehouses/open.ts'
import { sql } from '../src/warehouses/sql.ts'
import type { Warehouse } from '../src/warehouses/warehouse.ts'
import { SOURCE } from './lean-rebuild.ts'
import { READABLE } from './segment-tables.ts'

/** What every phase gets: the folder with its files, and what the engine may use. */
export interface Place {
  readonly folder: string
  readonly memoryLimit: string | null
  readonly threads: number | null
}

const DATA = 'data.duckdb'
const WAREHOUSE = 'warehouse.duckdb'
const CONFIG = 'tributary.config.json'

/** The file with the generated history and nothing else. */
export const dataFile = ({ folder }: Place): string => join(folder, DATA)

/** The file that tributary works in. */
export const warehouseFile = ({ folder }: Place): string => join(folder, WAREHOUSE)

/** What tributary is configured with. */
function configInput({ memoryLimit, threads }: Place) {
  return {
    warehouse: {
      kind: 'duckdb',
      path: `./${WAREHOUSE}`,
      ...(memoryLimit === null ? {} : { memoryLimit }),
      ...(threads === null ? {} : { threads }),
    },
    sources: [{ kind: 'segment', schema: READABLE }],
    sites: ['example.com'],
    conversions: { purchase: { event: 'Order Completed', value: 'revenue', currency: 'currency', every: true } },
  }
}

/** The configuration, checked as a command would. */
export const configOf = (place: Place): Config => checkConfig(configInput(place), join(place.folder, CONFIG), {})

/** Puts a configuration beside the warehouse, so that every command works on a folder that is kept. */
export const writeConfig = (place: Place): Promise<void> =>
  writeFile(join(place.folder, CONFIG), `${JSON.stringify(configInput(place), null, 2)}\n`)

/** A DuckDB file of the folder, with the limits asked for. */
export function open({ folder, memoryLimit, threads }: Place, name: string, schema: string): Promise<Warehouse> {
  const limits = { ...(memoryLimit === null ? {} : { memoryLimit }), ...(threads === null ? {} : { threads }) }
  return openWarehouse({ kind: 'duckdb', path: join(folder, name), schema, ...limits })
}

/** The file with the history, to be written. */
export const openData = (place: Place): Promise<Warehouse> => open(place, DATA, 'bench')

/** Works in a scratch file with the history attached, and removes it. The baselines get the engine's fastest settings, and all memory: in 4 GB they do not end. */
export async function withScratch<T>(
  place: Place,
  name: string,
  work: (warehouse: Warehouse) => Promise<T>,
): Promise<T> {
  const warehouse = await open({ ...place, memoryLimit: null }, name, 'lean')
  try {
    await warehouse.execute(sql.raw(`attach '${dataFile(place).replaceAll("'", "''")}' as ${SOURCE} (read_only)`))
    await warehouse.execute(sql.raw('set global preserve_insertion_order = false'))
    return await work(warehouse)
  } finally {
    await warehouse.close()
    await removeDatabase(join(place.folder, name))
  }
}

/** Gives tributary the history: a copy where it is kept for another time. */
export async function handOver(place: Place, isKept: boolean): Promise<void> {
  await removeDatabase(warehouseFile(place))
  await (isKept ? copyFile : rename)(dataFile(place), warehouseFile(place))
}

/** Removes a database with its log and its temporary files. */
export async function removeDatabase(file: string): Promise<void> {
  for (const ending of ['', '.wal', '.tmp']) await rm(`${file}${ending}`, { force: true, recursive: true })
}

/** Size of a file; 0 when there is none. */
export const megabytes = (file: string): Promise<number> =>
  stat(file).then(
    ({ size }) => Math.round(size / 2 ** 20),
    () => 0,
  )
