import { readConfig } from '../../src/config/read.ts'
import type { WarehouseOptions } from '../../src/warehouses/open.ts'

/**
 * The warehouse of the configuration that `npm run conformance -- --config FILE` was given, or null: then tests use a
 * stand-in. Only its place is taken; tests make schemas of their own.
 */
export async function configuredPlace<K extends WarehouseOptions['kind']>(
  kind: K,
): Promise<Extract<WarehouseOptions, { kind: K }> | null> {
  const file = process.env.TRIBUTARY_TEST_CONFIG
  if (file === undefined) return null
  const { warehouse } = await readConfig(file)
  if (warehouse.kind !== kind)
    throw new Error(`Expected a configuration with a ${kind} warehouse, but ${file} has ${warehouse.kind}.`)
  return warehouse as Extract<WarehouseOptions, { kind: K }>
}
