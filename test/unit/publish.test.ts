import { expect, test } from 'vitest'
import { describedCopy } from '../../src/pipeline/companies/product-source.ts'
import { incrementContext } from '../../src/pipeline/context.ts'
import { publishTransaction } from '../../src/pipeline/publish.ts'
import type { StageContext } from '../../src/pipeline/stage.ts'
import { stages } from '../../src/pipeline/stages.ts'
import { duckdbDialect } from '../../src/warehouses/duckdb-dialect.ts'
import { companyOptions } from '../conformance/companies-world.ts'
import { testSettings } from '../oracle/settings.ts'

const companies = companyOptions('product')
const plain = incrementContext({
  d: duckdbDialect,
  options: { ...testSettings, companies },
  run: 2,
  startedAt: '2025-01-02T00:00:00.000000Z',
})
const copy = describedCopy(duckdbDialect, companies, plain.startedAt)
const withdrawnRanges = [{ from: plain.startedAt, to: plain.startedAt }]

/** The most that can come together in one run, of each kind. */
const runs: [string, StageContext][] = [
  ['an increment with withdrawals and a copy', { ...plain, copy, withdrawnRanges }],
  ['a release, which copies nothing', { ...plain, withdrawnRanges, release: {} }],
  ['a rebuild from the sources', { ...plain, copy, isRebuild: true, fromSources: { acceptsLoss: true } }],
  ['a rebuild of events that settings changed', { ...plain, copy, isRebuild: true, withdrawnRanges }],
]

test.each(runs)('a publish fits into a Redshift batch of 40 with the two of its fence: %s', (_, c) => {
  expect(publishTransaction(c, stages, { sources: [], isChanged: true }).length).toBeLessThanOrEqual(38)
})
