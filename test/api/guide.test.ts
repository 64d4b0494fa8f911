import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Served, serveWorld } from './fixture.ts'

let served: Served
beforeAll(async () => {
  served = await serveWorld()
})
afterAll(() => served[Symbol.asyncDispose]())

/** What the tools put into their queries, and what this world has instead of the guide’s. */
const filled = (query: string) =>
  query
    .replace(/\$\{__from\}/, String(Date.UTC(2025, 0, 1)))
    .replace(/\$\{__to\}/, String(Date.UTC(2025, 1, 1)))
    .replace(/\$\{channel:csv\}/, 'Email,Direct')
    .replace(/asOf: 11/, 'asOf: 1')
    .replace(/asOf: "2025-02-28T23:59:59Z"/, 'asOf: "2025-03-02T23:59:59Z"')

const guide = await readFile(new URL('../../docs/graphql.md', import.meta.url), 'utf8')
const companies = await readFile(new URL('../../docs/companies.md', import.meta.url), 'utf8')
const examples = [...`${guide}${companies}`.matchAll(/```graphql\n(.*?)```/gs)].map(([, query = '']) => query)

test('the guide has examples', () => {
  expect(examples.length).toBeGreaterThan(5)
})

test.each(examples)('an example of the guide answers: %s', async (query) => {
  const { errors, data } = await served.ask(filled(query), { id: 'ann' })
  expect(errors).toBeUndefined()
  expect(data).toBeTruthy()
})

test('every argument of channelStats is in the guide', async () => {
  const { data } = await served.ask('{ __type(name: "Query") { fields { name args { name } } } }')
  const { args } = data.__type.fields.find((f: { name: string }) => f.name === 'channelStats')
  for (const { name } of args) expect(guide).toContain(`\`${name}`)
})
