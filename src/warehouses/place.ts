import { access, constants, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { DuckdbPlace, WarehouseOptions } from './open.ts'

/** Where a warehouse is, as far as that can be told without opening it. */
export interface Place {
  readonly name: string
  /** False: opening it would make it. */
  readonly isThere: boolean
  /** Why it cannot be made there; null when it can, or is there. */
  readonly problem: string | null
}

/** Looks at the place of a warehouse and changes nothing. A server is taken to be there: opening it tells. */
export async function placeOf(options: WarehouseOptions): Promise<Place> {
  if (options.kind !== 'duckdb') return { name: nameOf(options), isThere: true, problem: null }
  return placeOfFile(options)
}

/** What people would call it; without secrets. */
export function nameOf(options: WarehouseOptions): string {
  if (options.kind === 'duckdb') return options.path
  if (options.kind === 'bigquery') return `${options.project}.${options.schema}`
  if (options.kind === 'redshift') return `${options.workgroupName ?? options.clusterIdentifier}/${options.database}`
  const { host, pathname } = new URL(options.url)
  return `${host}${pathname}`
}

/** The file that one process at a time has open; null where many may work side by side. */
export const exclusiveFile = (options: WarehouseOptions): string | null =>
  options.kind === 'duckdb' ? options.path : null

async function placeOfFile({ path }: DuckdbPlace): Promise<Place> {
  const isThere = await stat(path).then(
    () => true,
    () => false,
  )
  return { name: path, isThere, problem: isThere ? null : await problemOfFolder(dirname(path)) }
}

async function problemOfFolder(folder: string): Promise<string | null> {
  const info = await stat(folder).catch(() => null)
  if (info === null) return `there is no folder ${folder}`
  if (!info.isDirectory()) return `${folder} is no folder`
  return access(folder, constants.W_OK).then(
    () => null,
    () => `there is no permission to write in ${folder}`,
  )
}
