import fc from 'fast-check'
import { isbot } from 'isbot'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { CompanyOptions, PipelineOptions } from '../../src/pipeline/options.ts'
import type { RunRequest } from '../../src/pipeline/report.ts'
import { RULE_MODELS } from '../../src/pipeline/tables/people.ts'
import { sql } from '../../src/warehouses/sql.ts'
import type { Row, Warehouse } from '../../src/warehouses/warehouse.ts'
import { emptyTables, optionsFor, run, temporaryFolder } from '../harness/pipeline.ts'
import { companiesOf, type OracleCompany, type OracleCopy } from '../oracle/companies.ts'
import { workOut } from '../oracle/oracle.ts'
import { testSettings } from '../oracle/settings.ts'
import { finalSettings, linesOf, STREAM_NOW, type Stream, settingsOf, streamArbitrary } from '../oracle/streams.ts'
import { expectSound, shownAsOf, shownNow } from './sound-tables.ts'

const COMPANIES = ['c1', 'c2', 'c3']
const USERS = ['u1', 'u2', 'u3', 'u4', 'd2', 'nobody']

/** The product database at each run. */
const copiesArbitrary = fc.array(
  fc.record({
    companies: fc.uniqueArray(
      fc.record({
        id: fc.constantFrom(...COMPANIES),
        plan: fc.constantFrom('free', 'pro', 'team'),
        paidAt: fc.constantFrom(null, null, null, '2025-01-01T00:00:00Z', '2025-01-02T12:00:00Z'),
      }),
      { selector: (c) => c.id, maxLength: 3 },
    ),
    members: fc.uniqueArray(
      fc.record({
        companyId: fc.constantFrom(...COMPANIES),
        userId: fc.constantFrom(...USERS),
        role: fc.constantFrom('member', 'admin'),
      }),
      { selector: (m) => `${m.companyId} ${m.userId}`, maxLength: 7 },
    ),
    paidPlans: fc.constantFrom(['pro', 'team'], ['pro', 'team'], ['team']),
  }),
  { minLength: 5, maxLength: 5 },
)

/** The run from which on plans are copied. */
const planFromArbitrary = fc.constantFrom(0, 0, 1, 2)

type Product = Pick<OracleCopy, 'companies' | 'members'> & { paidPlans: readonly string[] }

/**
 * Random streams, and a product database that changes from run to run: what the tables say of companies is what the oracle
 * works out, and a rebuild afterwards writes no row.
 */
export function testCompanyStreams(
  open: () => Promise<Warehouse>,
  { numRuns, seed }: { numRuns: number; seed: number },
): void {
  describe('companies of random streams', () => {
    let warehouse: Warehouse
    beforeAll(async () => {
      warehouse = await open()
      await run(warehouse, testSettings, 'rebuild') // makes the tables
    })
    afterAll(() => warehouse.close())

    test(`${numRuns} streams from seed ${seed}`, { timeout: 900_000 }, async () => {
      await fc.assert(
        fc.asyncProperty(streamArbitrary, copiesArbitrary, planFromArbitrary, (stream, products, planFrom) =>
          checkCompanies(warehouse, naming(stream), products, planFrom),
        ),
        { numRuns, seed, verbose: 1 },
      )
    })
  })
}

/** Every fourth message names a company, one that is no customer among them; its copies name the same. */
const naming = (stream: Stream): Stream => ({ ...stream, runs: stream.runs.map((files) => files.map(namingLines)) })

const namingLines = (file: string): string =>
  file
    .split('\n')
    .map((line) => {
      const number = Number(/"messageId": *"[^"]*?(\d+)"/.exec(line)?.[1])
      if (Number.isNaN(number) || number % 4 !== 0) return line
      const company = ['c1', 'c2', 'stranger'][(number / 4) % 3]
      return line.replace(/"context": *\{/, (context) => `${context}"groupId":"${company}",`)
    })
    .join('\n')

async function checkCompanies(
  warehouse: Warehouse,
  stream: Stream,
  products: readonly Product[],
  planFrom: number,
): Promise<void> {
  const folder = temporaryFolder()
  const product = temporaryFolder()
  const optionsOf = (i: number): CompanyOptions => ({
    from: { kind: 'files', path: product.path },
    companies: {
      table: 'companies.csv',
      id: 'id',
      name: null,
      plan: i < planFrom ? null : 'plan',
      createdAt: null,
      paidAt: 'paid_at',
      latestBy: null,
      dimensions: {},
    },
    members: {
      table: 'members.csv',
      companyId: 'company_id',
      userId: 'user_id',
      role: 'role',
      createdAt: null,
      latestBy: null,
    },
    adminRoles: ['admin'],
    paidPlans: products[i]!.paidPlans,
    maxShrink: 1,
  })
  try {
    await emptyTables(warehouse)
    const settings = settingsOf(stream)
    const copies: OracleCopy[] = []
    const shown = new Map<number, unknown>()
    const publish = async (options: PipelineOptions, kind: RunRequest['kind'], now: Date) => {
      const report = await run(warehouse, options, kind, { now })
      shown.set(report.run, await shownNow(warehouse))
      return report
    }
    for (const [i, files] of stream.runs.entries()) {
      for (const [j, content] of files.entries())
        folder.write(`${i}-${j}.jsonl`, `${' '.repeat(10 * i + j)}\n${content}`)
      const { companies: rows, members } = products[i]!
      const known = members.filter((m) => rows.some((c) => c.id === m.companyId))
      product.write(
        'companies.csv',
        ['id,plan,paid_at', ...rows.map((c) => `${c.id},${c.plan},${c.paidAt ?? ''}`), ''].join('\n'),
      )
      product.write(
        'members.csv',
        ['company_id,user_id,role', ...members.map((m) => `${m.companyId},${m.userId},${m.role}`), ''].join('\n'),
      )
      const now = new Date(STREAM_NOW.getTime() + i * 86_400_000)
      copies.push({ at: now.toISOString(), companies: rows, members: known, isWithoutPlans: i < planFrom })
      const options = { ...optionsFor(folder.path, settings[i]), companies: optionsOf(i) }
      await publish(options, 'increment', now)
      if (i % 2 === 1) expect((await publish(options, 'rebuild', now)).rowsWritten).toBe(0)
    }
    // A stream that ends before plans are copied never has them.
    const companies = optionsOf(stream.runs.length - 1)
    const options: PipelineOptions = { ...optionsFor(folder.path, finalSettings(stream)), companies }
    const want = companiesOf(copies, workOut(linesOf(stream), options, STREAM_NOW, isbot), options)
    const got = await companiesNow(warehouse)
    expect(got).toEqual(want)
    await expectSound(warehouse)
    expect(await shownAsOf(warehouse, [...shown.keys()]), 'answers as of earlier runs').toEqual(shown)
    expect((await publish(options, 'rebuild', STREAM_NOW)).rowsWritten, 'rows that a rebuild writes').toBe(0)
    expect(await companiesNow(warehouse), 'after a rebuild').toEqual(want)
  } finally {
    folder.remove()
    product.remove()
  }
}

/** What the tables say, in the words of the oracle. */
async function companiesNow(warehouse: Warehouse): Promise<OracleCompany[]> {
  const columns = [
    ...['company_id', 'member_count', 'admin_count', 'session_count', 'touch_count', 'signed_up_at', 'paid_at'],
    ...['first_touch_channel', 'last_touch_channel', 'paid_touch_channel'],
  ]
  const rows = await warehouse.query<Row & { company_id: string }>(
    sql`select ${sql.join(columns)} from ${sql.table('current_companies')} where is_latest order by company_id`,
  )
  const measures = RULE_MODELS.flatMap((m) => [`${m}_credit`, `${m}_revenue`])
  const of = async (dateBy: string) =>
    warehouse.query<Row & { company_id: string }>(sql`
select company_id, conversion, currency, channel, ${sql.join(measures.map((m) => sql`sum(${sql.id(m)}) as ${sql.id(m)}`))}
from ${sql.table('channel_stats')}
where company_id <> '' and conversion <> '' and date_by = ${dateBy}
group by company_id, conversion, currency, channel
order by company_id, conversion, currency, channel`)
  const stats = await of('conversion')
  expect(await of('touch'), 'credit by the day of the touch').toEqual(stats)
  return rows.map((row) => {
    const credit = stats
      .filter((s) => s.company_id === row.company_id)
      .flatMap((s) =>
        RULE_MODELS.flatMap((m) =>
          ['credit', 'revenue'].map(
            (what) => [`${what} ${m} ${s.conversion} ${s.currency} ${s.channel}`, String(s[`${m}_${what}`])] as const,
          ),
        ),
      )
    return {
      ...row,
      credit: Object.fromEntries(credit.filter(([, n]) => n !== '0').sort()),
    } as unknown as OracleCompany
  })
}
