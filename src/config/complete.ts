import { isAbsolute, resolve } from 'node:path'
import type { ChannelRuleOptions, ConversionOptions, PipelineOptions, SourceOptions } from '../pipeline/options.ts'
import type { WarehouseOptions } from '../warehouses/open.ts'
import type { Config } from './config.ts'
import { bucketDefaults, channelRuleDefaults, conversionDefaults, defaults, signupDefaults } from './defaults.ts'
import { moment } from './leaves.ts'
import { companyOptions } from './product-database.ts'
import type { CheckedInput } from './schema.ts'
import { nameOfSource } from './source-name.ts'
import { versionOf } from './version.ts'

/** Fills in the defaults, makes paths absolute from the folder of the file, and freezes the result. */
export function complete(input: CheckedInput, file: string, folder: string): Config {
  const pipeline = pipelineOptions(input, folder)
  return freeze({
    file,
    warehouse: warehouseOptions(input.warehouse ?? defaults.warehouse, folder),
    pipeline,
    schedule: orDefault(input.schedule, defaults.schedule),
    timezone: input.timezone ?? defaults.timezone,
    history: { ...defaults.history, ...input.history },
    limits: { ...defaults.limits, ...input.limits },
    server: { ...defaults.server, ...input.server },
    log: { ...defaults.log, ...input.log },
    productUrl: input.productDatabase?.url ?? null,
    configVersion: versionOf(pipeline),
  })
}

function warehouseOptions(input: NonNullable<CheckedInput['warehouse']>, folder: string): WarehouseOptions {
  const schema = input.schema ?? defaults.warehouse.schema
  if (input.kind === 'bigquery' && input.keyFile !== undefined)
    return { ...input, schema, keyFile: absolute(input.keyFile, folder) }
  if (input.kind === 'redshift') {
    const { bucket, ...rest } = input
    return { ...rest, schema, ...(bucket ? { bucket: { ...bucketDefaults, ...bucket } } : {}) }
  }
  if (input.kind !== 'duckdb') return { ...input, schema }
  return { ...input, schema, path: absolute(input.path ?? defaults.warehouse.path, folder) }
}

function pipelineOptions(input: CheckedInput, folder: string): PipelineOptions {
  return {
    sources: input.sources.map((source) => sourceOptions(source, folder)),
    sites: input.sites ?? defaults.sites,
    sessions: { ...defaults.sessions, ...input.sessions },
    identity: { ...defaults.identity, ...input.identity },
    events: { ...defaults.events, notBefore: moment.parse(defaults.events.notBefore), ...input.events },
    exclude: { ...defaults.exclude, ...input.exclude },
    conversions: conversions(input.conversions ?? {}),
    blogPattern: orDefault(input.blogPattern, defaults.blogPattern),
    channels: (input.channels ?? defaults.channels).map(
      (rule): ChannelRuleOptions => ({ ...channelRuleDefaults, ...rule }),
    ),
    referralExclusions: input.referralExclusions ?? defaults.referralExclusions,
    ...(input.productDatabase ? { companies: companyOptions(input.productDatabase, folder) } : {}),
  }
}

function sourceOptions(source: CheckedInput['sources'][number], folder: string): SourceOptions {
  const common = { name: nameOfSource(source), deduplicateAs: source.deduplicateAs ?? null }
  if (source.kind === 'files') return { kind: 'files', ...common, path: absolute(source.path, folder) }
  const { kind, schema, readableAt } = source
  return { kind, ...common, schema, ...(readableAt === undefined ? {} : { readableAt }) }
}

function conversions(given: NonNullable<CheckedInput['conversions']>): PipelineOptions['conversions'] {
  const { signup = {}, ...others } = given
  return {
    signup: conversion(signup, signupDefaults),
    ...Object.fromEntries(
      Object.entries(others).map(([name, options]) => [
        name,
        conversion(options, { ...conversionDefaults, events: [] }),
      ]),
    ),
  }
}

type ConversionDefaults = Pick<ConversionOptions, 'events' | 'defaultCurrency' | 'every' | 'lookbackDays'>

function conversion(
  { event, ...given }: NonNullable<CheckedInput['conversions']>[string],
  fallback: ConversionDefaults,
): ConversionOptions {
  return { value: null, currency: null, ...fallback, ...(event === undefined ? {} : { events: [event] }), ...given }
}

const absolute = (path: string, folder: string) => (isAbsolute(path) ? path : resolve(folder, path))

/** null is a value that was given; only an absent one is filled. */
const orDefault = <T, D>(value: T | undefined, fallback: D) => (value === undefined ? fallback : value)

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const item of Object.values(value)) freeze(item)
  }
  return value
}
