import { type CheckInput, checkInstallation } from '../check/check.ts'
import { placeOfSource } from '../check/probes.ts'
import type { CheckReport, Finding } from '../check/report.ts'
import { verdictOf } from '../check/report.ts'
import type { Config } from '../config/config.ts'
import { TributaryError } from '../errors.ts'
import { nameOf, placeOf } from '../warehouses/place.ts'
import type { Warehouse } from '../warehouses/warehouse.ts'
import { productOf } from './open-product.ts'

/** Checks a configuration against the warehouse it names, here or in the server that has it. Makes no database where there is none. */
export async function checkConfigured(config: Config): Promise<CheckReport> {
  const place = await placeOf(config.warehouse)
  if (!place.isThere) {
    const problem =
      place.problem === null ? undefined : cannotOpen(`Expected to make ${place.name}, but ${place.problem}.`)
    return checkInstallation({ ...inputOf(config), warehouse: null, problem })
  }
  const { reachPipeline } = await import('./pipeline.ts')
  const pipeline = await reachPipeline(config).catch((error) => {
    if (error instanceof TributaryError && error.code !== 'WAREHOUSE_BUSY') return error
    throw error
  })
  if (pipeline instanceof TributaryError)
    return checkInstallation({ ...inputOf(config), warehouse: null, problem: cannotOpen(pipeline.message) })
  try {
    const report = await pipeline.check()
    return pipeline.server === null || isSame(report, config)
      ? report
      : await besideServer(config, report, pipeline.server)
  } finally {
    await pipeline.close()
  }
}

/** Checks a configuration with its warehouse, which is open. */
export const checkOpened = (config: Config, warehouse: Warehouse): Promise<CheckReport> =>
  checkInstallation({ ...inputOf(config), warehouse })

const inputOf = (config: Config): Omit<CheckInput, 'warehouse'> => ({
  options: config.pipeline,
  configVersion: config.configVersion,
  kind: config.warehouse.kind,
  place: nameOf(config.warehouse),
  ...productOf(config),
})

const cannotOpen = (message: string): Finding => ({
  severity: 'error',
  subject: 'warehouse',
  message,
  fix: 'Mend it, or set `warehouse` to another place.',
})

/** Does the server work with this configuration? The version does not cover sources. */
function isSame({ configVersion, sources }: CheckReport, config: Config): boolean {
  const places = (list: readonly { name: string; place: string }[]) =>
    JSON.stringify(list.map(({ name, place }) => [name, place]))
  const ours = config.pipeline.sources.map((source) => ({ name: source.name, place: placeOfSource(source) }))
  return configVersion === config.configVersion && places(sources) === places(ours)
}

/** The server has the tables, but another configuration: this one is checked with a sample, the warehouse as the server sees it. */
async function besideServer(config: Config, server: CheckReport, url: string): Promise<CheckReport> {
  const report = await checkInstallation({ ...inputOf(config), warehouse: null })
  const findings: Finding[] = [
    ...server.findings.filter(({ subject }) => subject === 'warehouse'),
    {
      severity: 'warning',
      subject: 'warehouse',
      message: `The server at ${url} has the database and works with another configuration than ${config.file}.`,
      fix: 'Restart it to have it work with this one. Until then this one is checked with a sample only, without the tables.',
    },
    ...report.findings,
  ]
  return { ...report, verdict: verdictOf(findings), warehouse: server.warehouse, findings }
}
