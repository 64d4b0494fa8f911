import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { checkInstallation } from '../../src/check/check.ts'
import type { ConfigInput } from '../../src/config/options.ts'
import { checkConfig } from '../../src/config/read.ts'
import { runPipeline } from '../../src/pipeline/run.ts'
import { openDuckdb } from '../../src/warehouses/duckdb.ts'
import { sql } from '../../src/warehouses/sql.ts'
import type { Warehouse } from '../../src/warehouses/warehouse.ts'
import { deliver, dropSchema, type Message, rudderstackTables, segmentTables } from '../harness/source-tables.ts'

const schema = 'segment_prod'
const conversions: ConfigInput['conversions'] = {
  purchase: { event: 'Order Completed', value: 'revenue', currency: 'currency', every: true },
}
const common = {
  anonymousId: 'a1',
  userId: 'u1',
  timestamp: '2026-03-01T00:00:00Z',
  receivedAt: '2026-03-01T00:00:01Z',
}
const message = (messageId: string, more: Message): Message => ({ ...common, messageId, ...more })
const messages = [
  message('m1', { type: 'page', context: { page: { url: 'https://www.acme.com/' } } }),
  message('m2', { type: 'track', event: 'Signed Up', properties: {} }),
  message('m3', { type: 'track', event: 'Order Completed', properties: { revenue: 12.5, currency: 'EUR' } }),
]

let warehouse: Warehouse
beforeEach(async () => {
  warehouse = await openDuckdb({ path: ':memory:', schema: 'tributary' })
  await dropSchema(warehouse, schema)
})
afterEach(() => warehouse.close())

const configOf = (source: object = {}) =>
  checkConfig(
    { sources: [{ kind: 'segment', schema, ...source }], sites: ['acme.com'], conversions } as ConfigInput,
    '/acme/tributary.config.json',
    {},
  )

function check(source: object = {}, isOpen = true) {
  const { pipeline: options, configVersion } = configOf(source)
  return checkInstallation({ options, configVersion, kind: 'duckdb', place: 'w', warehouse: isOpen ? warehouse : null })
}

const table = (name: string) => sql`${sql.id(schema)}.${sql.id(name)}`

describe('tables of a source', () => {
  it('are named, those of conversions with a value too, and no row of them is read', async () => {
    await deliver(warehouse, schema, segmentTables(messages))
    expect(await check()).toMatchObject({
      verdict: 'ok',
      findings: [],
      events: { of: 'sample', count: 0 },
      sources: [
        { kind: 'segment', place: schema, facts: 'tables tracks, pages, order_completed', read: 0, refused: {} },
      ],
    })
  })

  it('are looked at as the run finds them: what a run took in is judged like all events', async () => {
    await deliver(warehouse, schema, rudderstackTables(messages))
    const source = { kind: 'rudderstack' }
    const { pipeline: options, configVersion } = configOf(source)
    await runPipeline({ warehouse, options, configVersion, kind: 'increment' })
    expect(await check(source)).toMatchObject({ verdict: 'ok', findings: [], events: { of: 'tables', count: 3 } })
  })

  it('that are not there, with their schema or without, are an error', async () => {
    for (const missing of [schema, 'segment_prd'])
      expect(await check({ schema: missing, name: 'web' })).toMatchObject({
        verdict: 'errors',
        findings: [
          {
            severity: 'error',
            subject: 'sources[0]',
            message: expect.stringMatching(
              new RegExp(
                `Source web: expected Segment's tables \\(.*pages.*\\) in the schema ${missing}, but there is none`,
              ),
            ),
          },
        ],
        sources: [{ facts: 'cannot be read' }],
      })
  })

  it.each([
    ['anonymous_id', 'user_id', 'expected a column anonymous_id or user_id, but there is none'],
    ['timestamp', 'received_at', 'expected a column timestamp or received_at, but there is none'],
  ])('without columns %s and %s are an error, as they are to a run', async (one, other, problem) => {
    await deliver(warehouse, schema, segmentTables(messages))
    for (const column of [one, other])
      await warehouse.execute(sql`alter table ${table('pages')} drop column ${sql.id(column)}`)
    await expectError(`source ${schema}, table pages: ${problem}`)
  })

  it('with a time that is none are an error, as they are to a run', async () => {
    await deliver(warehouse, schema, segmentTables(messages))
    const { types } = warehouse.dialect
    await warehouse.execute(sql`alter table ${table('pages')} drop column ${sql.id('timestamp')}`)
    await warehouse.execute(
      sql`alter table ${table('pages')} add column ${sql.id('timestamp')} ${sql.raw(types.boolean)}`,
    )
    await expectError(`source ${schema}, table pages, column timestamp: expected times, but it is`)
  })

  async function expectError(problem: string) {
    const { pipeline: options, configVersion } = configOf()
    expect(await check()).toMatchObject({
      verdict: 'errors',
      findings: [
        {
          severity: 'error',
          subject: 'sources[0]',
          message: expect.stringContaining(`Cannot read ${problem}`),
          fix: 'Is it a schema that this kind writes?',
        },
      ],
    })
    await expect(runPipeline({ warehouse, options, configVersion, kind: 'increment' })).rejects.toThrow(problem)
  }

  it('cannot be looked at without the warehouse', async () => {
    expect(await check({}, false)).toMatchObject({
      verdict: 'warnings',
      findings: [{ severity: 'warning', subject: 'sources[0]', fix: 'Mend the warehouse, then check again.' }],
      sources: [{ facts: 'not looked at' }],
    })
  })
})

describe('tables of the product database', () => {
  const members = { table: 'people', companyId: 'company_id', userId: 'user_id', role: 'role', createdAt: 'joined' }
  const productDatabase = { kind: 'tables', schema: 'product', members }
  async function checkProduct() {
    const { pipeline: options, configVersion } = checkConfig(
      { sources: [{ kind: 'segment', schema }], productDatabase },
      '/acme/tributary.config.json',
      {},
    )
    const input = { options, configVersion, kind: 'duckdb', place: 'w', warehouse }
    const { product, findings } = await checkInstallation(input)
    return { product, told: findings.filter(({ subject }) => subject.startsWith('productDatabase')) }
  }
  const people = sql`${sql.id('product')}.${sql.id('people')}`

  it('have to be there, with columns that can be copied', async () => {
    await warehouse.execute(sql`create schema ${sql.id('product')}`)
    expect((await checkProduct()).told).toMatchObject([
      { subject: 'productDatabase.members', message: expect.stringContaining('expected the table people') },
    ])
    await warehouse.execute(sql`create table ${people} (company_id bigint, user_id bigint, joined varchar)`)
    expect((await checkProduct()).told).toMatchObject([
      { message: expect.stringContaining('expected the column role') },
    ])
    await warehouse.execute(sql`alter table ${people} add column role bigint`)
    expect(await checkProduct()).toEqual({
      product: { kind: 'tables', facts: 'people with 4 columns' },
      told: [expect.objectContaining({ severity: 'warning', message: expect.stringContaining('has no rows') })],
    })
    await warehouse.execute(sql`insert into ${people} (company_id, user_id) values (1, 1)`)
    expect((await checkProduct()).told).toEqual([])
    await warehouse.execute(sql`alter table ${people} alter column joined type boolean using true`)
    expect((await checkProduct()).told).toMatchObject([
      { message: expect.stringContaining('column joined: expected times, but it is BOOLEAN') },
    ])
  })
})
