import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { tables } from '../../src/pipeline/tables/tables.ts'
import type { Warehouse } from '../../src/warehouses/warehouse.ts'
import { dataOf, type Served, serve } from '../api/fixture.ts'
import type { MetricsAsked, OracleMetricRow } from '../oracle/company-facts.ts'
import { type CompanyHistory, companyHistoryArbitrary } from '../oracle/company-histories.ts'
import { metricsOf } from '../oracle/company-metrics.ts'
import { askedOf, factsOf } from '../oracle/company-runs.ts'
import { localDay, startOfLocalDay } from '../oracle/days.ts'
import { formatTime } from '../oracle/time.ts'
import { loadFacts } from './company-fact-rows.ts'

/**
 * Random copies of companies and memberships, and random use: the numbers over time are those that the oracle works out, for
 * any range in any time zone, also as of an earlier run.
 */
export function testCompanyMetricStreams(
  open: () => Promise<Warehouse>,
  { numRuns, seed }: { numRuns: number; seed: number },
): void {
  describe('company metrics of random histories', () => {
    let served: Served
    beforeAll(async () => {
      const warehouse = await open()
      await warehouse.createTables(tables)
      served = serve(warehouse, { dimensions: ['industry'] })
    })
    afterAll(() => served[Symbol.asyncDispose]())

    test(`${numRuns} histories from seed ${seed}`, { timeout: 900_000 }, async () => {
      await fc.assert(
        fc.asyncProperty(companyHistoryArbitrary, (history) => checkMetrics(served, history)),
        { numRuns, seed },
      )
    })
  })
}

async function checkMetrics(served: Served, history: CompanyHistory): Promise<void> {
  const facts = { 1: factsOf(history, 1), 2: factsOf(history, 2) }
  await loadFacts(served.warehouse, facts[1], facts[2])
  for (const one of history.asked) {
    const asked = askedOf(history, one)
    const field = `companyMetrics(${argumentsOf(asked)}, asOf: ${one.asOf}) { ${FIELDS.join(' ')} }`
    const { companyMetrics } = await dataOf(served, field)
    expect(sorted(companyMetrics), field).toEqual(sorted(metricsOf(facts[one.asOf], asked)))
  }
}

const FIELDS = [
  ...['metric', 'time', 'day', 'numerator', 'denominator', 'ratio', 'events', 'isAssumed'],
  ...['companyId', 'channel', 'source', 'campaign', 'plan', 'dimension'],
] as (keyof OracleMetricRow)[]

const sorted = (rows: readonly OracleMetricRow[]): OracleMetricRow[] =>
  rows
    .map((row) => [JSON.stringify([row.day, row.metric, ...FIELDS.slice(8).map((name) => row[name])]), row] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, row]) => row)

/** `metric: "active,paid", by: "channel", from: "2025-03-01"`. */
function argumentsOf({ metrics, days, granularity, timezone, event, ...asked }: MetricsAsked): string {
  const timeOf = (at: number) => {
    const day = localDay(at, timezone)
    return startOfLocalDay(day, timezone) === at ? day : formatTime(at)
  }
  const given = {
    metric: metrics.join(','),
    by: asked.by.join(','),
    granularity,
    days,
    timezone,
    from: timeOf(asked.from),
    to: asked.to === null ? null : timeOf(asked.to),
    event,
    company: asked.company?.join(',') ?? null,
    plan: asked.plan?.join(',') ?? null,
    channel: asked.channel?.join(',') ?? null,
  }
  return Object.entries(given)
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name}: ${JSON.stringify(value)}`)
    .join(', ')
}
