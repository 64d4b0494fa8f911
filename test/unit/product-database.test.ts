import { describe, expect, it } from 'vitest'
import { checkConfig } from '../../src/config/read.ts'

const members = { table: 'people', companyId: 'company_id', userId: 'user_id' }
const url = 'postgres://reader:swordfish@db.internal/app'
const check = (productDatabase: unknown, environment: NodeJS.ProcessEnv = {}) =>
  checkConfig(
    { sources: [{ kind: 'files', path: './events' }], productDatabase },
    '/acme/tributary.config.json',
    environment,
  )
const problems = (productDatabase: unknown, environment?: NodeJS.ProcessEnv): string => {
  try {
    check(productDatabase, environment)
  } catch (error) {
    return (error as Error).message
  }
  return expect.unreachable()
}

describe('the product database in the configuration', () => {
  it('keeps its address apart from what the pipeline is told', () => {
    const config = check({ kind: 'postgres', url: { env: 'PRODUCT' }, members }, { PRODUCT: url })
    expect(config.productUrl).toBe(url)
    expect(JSON.stringify(config.pipeline)).not.toMatch(/swordfish|db\.internal/)
    const other = check({ kind: 'postgres', url: url.replace('swordfish', 'other'), members })
    expect(other.configVersion).toBe(config.configVersion)
    expect(config.pipeline.companies).toEqual({
      from: { kind: 'postgres' },
      companies: null,
      members: { ...members, role: null, createdAt: null, latestBy: null },
      adminRoles: ['admin', 'administrator', 'owner'],
      paidPlans: [],
      maxShrink: 0.5,
    })
  })

  it('finds files from the folder of the configuration', () => {
    expect(check({ kind: 'files', path: './product', members }).pipeline.companies?.from).toEqual({
      kind: 'files',
      path: '/acme/product',
    })
  })

  it.each([
    'owner_email',
    'Name',
    'first_name',
    'phone',
    'street_address',
    'api_token',
    'password_hash',
    'mobile',
    'last_ip',
    'billing_zip',
  ])('refuses the column %s, which looks personal, unless it is allowed', (column) => {
    const companies = {
      table: 'companies',
      id: 'id',
      ...(column === 'Name' ? { name: column } : { dimensions: [column] }),
    }
    const given = { kind: 'tables', schema: 'app', companies, members }
    expect(problems(given)).toMatch(`names the column ${column}, which looks personal`)
    expect(problems(given)).toContain(`allowPersonal: ['companies.${column}']`)
    for (const allowed of [column, `companies.${column}`, column.toUpperCase()])
      expect(check({ ...given, allowPersonal: [allowed] }).pipeline.companies?.companies).toBeTruthy()
    expect(problems({ ...given, allowPersonal: [`members.${column}`] })).toMatch('looks personal')
  })

  it('does not repeat an address that cannot be used', () => {
    for (const wrong of ['mysql://reader:swordfish@db/app', 'swordfish', 7]) {
      const said = problems({ kind: 'postgres', url: wrong, members })
      expect(said).toMatch(/productDatabase\.url`.* is no address of a Postgres/)
      expect(said).not.toMatch(/swordfish/)
    }
    expect(problems({ kind: 'postgres', url: { env: 'PRODUCT' }, members }, { PRODUCT: 'swordfish' })).not.toMatch(
      'swordfish',
    )
  })

  it('asks for the place of its kind, and for no other', () => {
    expect(problems({ kind: 'postgres', members })).toMatch("`productDatabase.url`: is needed with kind 'postgres'.")
    expect(problems({ kind: 'tables', schema: 'app', url, members })).toMatch("is for kind 'postgres' only. Remove it.")
    expect(problems({ kind: 'files', path: './p', members, maxShrink: 2 })).toMatch(
      'expected a share from 0 to 1, but got 2',
    )
    expect(problems({ kind: 'files', path: './p', members: { ...members, table: '../secrets.csv' } })).toMatch(
      'expected the name of a table or file',
    )
  })
})
