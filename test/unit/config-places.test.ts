import { describe, expect, it } from 'vitest'
import { minimal, problemsOf } from './config-problems.ts'

describe('places that cannot be used', () => {
  it('refuses an address whose password would be taken for a host or a database, and does not repeat it', () => {
    const passwords = ['p@ss/word#1', '/Kd+secret', '12/top', '12345#sec', '1?secret']
    const addresses = passwords.map((password) => `postgres://reader:${password}@127.0.0.1/app`)
    for (const url of addresses) {
      for (const more of [
        { warehouse: { kind: 'postgres', url } },
        { productDatabase: { kind: 'postgres', url, members: { table: 't', companyId: 'c', userId: 'u' } } },
      ]) {
        const problems = problemsOf({ ...minimal, ...more }).join('\n')
        expect(problems).toMatch(/`(warehouse|productDatabase)\.url`: is no address of a .*%40 %2F %23 %3F/)
        expect(problems).not.toMatch(/ss\/word|Kd|top|sec/)
      }
    }
    const url = `postgres://reader:${encodeURIComponent('p@ss/word#1')}@127.0.0.1/app?sslmode=verify-full`
    expect(problemsOf({ ...minimal, warehouse: { kind: 'postgres', url } })).toEqual([])
  })

  it('refuses a conversion with the name of one that companies have', () => {
    expect(problemsOf({ ...minimal, conversions: { paid_plan: { event: 'Paid' } } })).toEqual([
      '`conversions.paid_plan`: is a conversion of its own: the plan of a company became a paid one. Give yours another name.',
    ])
  })

  it('refuses a bucket that cannot be one', () => {
    const warehouse = { kind: 'redshift', database: 'prod', workgroupName: 'analytics' }
    const of = (bucket: object) => problemsOf({ ...minimal, warehouse: { ...warehouse, bucket } })
    expect(of({ name: 'acme-loads' })).toEqual([])
    expect(of({ name: 's3://acme', roleArn: 'reader', prefix: "a'b" })).toEqual([
      '`warehouse.bucket.name`: expected the name of a bucket of S3, but got "s3://acme".',
      '`warehouse.bucket.prefix`: expected a prefix such as tributary/, but got "a\'b".',
      '`warehouse.bucket.roleArn`: expected the ARN of a role, but got "reader".',
    ])
  })
})
