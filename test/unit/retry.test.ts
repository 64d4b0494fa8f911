import { describe, expect, test } from 'vitest'
import { QueryError } from '../../src/errors.ts'
import { type Retry, withRetries } from '../../src/warehouses/retry.ts'
import { sql } from '../../src/warehouses/sql.ts'
import type { Warehouse } from '../../src/warehouses/warehouse.ts'

const SECRET = "select * from people where email = 'ann@acme.test'"
const lost = () => new QueryError('Connection lost.', { warehouse: 'a test', text: SECRET, isTransient: true })
const refused = () => new QueryError('No such column.', { warehouse: 'a test', text: SECRET })

/** A warehouse whose every call does `work`, and a clock that only the waiting moves. */
function setUp(work: () => Promise<unknown>, budget?: number) {
  let [now, calls] = [0, 0]
  const retries: Retry[] = []
  const count = () => {
    calls++
    return work()
  }
  const methods = ['query', 'execute', 'transaction', 'stage', 'load', 'loadStaging', 'loadLines', 'dropStaging']
  const inner = Object.fromEntries(methods.map((m) => [m, count])) as unknown as Warehouse
  const controller = new AbortController()
  const warehouse = withRetries(inner, {
    budget,
    signal: controller.signal,
    clock: () => now,
    random: () => 1,
    sleep: async (ms, signal) => {
      signal?.throwIfAborted()
      now += ms
    },
    onRetry: (retry) => retries.push(retry),
  })
  return { warehouse, retries, controller, calls: () => calls, now: () => now }
}

/** Fails so often, then answers. */
function failing(times: number, error = lost) {
  let failed = 0
  return async () => {
    if (failed++ < times) throw error()
    return [{ n: 1 }]
  }
}

const HOURS = 3_600_000
const select = sql`select 1`

describe('what may pass', () => {
  test('is sent again after growing delays, and each is told without the statement', async () => {
    const { warehouse, retries, calls } = setUp(failing(9))
    expect(await warehouse.query(select, { label: 'run 3 visits' })).toEqual([{ n: 1 }])
    expect(calls()).toBe(10)
    expect(retries.map((r) => r.delay)).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000])
    expect(retries[3]).toEqual({
      what: 'run 3 visits',
      attempt: 4,
      delay: 4000,
      waited: 3500,
      reason: 'Connection lost.',
    })
    expect(JSON.stringify(retries)).not.toContain('ann@acme.test')
  })

  test('is tried for two hours, and the error says how long and why', async () => {
    const { warehouse, calls, now } = setUp(failing(Number.POSITIVE_INFINITY))
    const failure = await warehouse.execute(select).catch((error) => error)
    expect(now()).toBe(2 * HOURS)
    expect(calls()).toBeGreaterThan(120)
    expect(failure).toMatchObject({
      code: 'QUERY_FAILED',
      isTransient: false,
      message: expect.stringMatching(/statement .*failed \d+ times in 120 minutes.*Connection lost\..*retryMinutes/),
    })
    expect(failure.message).not.toContain('ann@acme.test')
    expect(failure.cause).toMatchObject({ message: 'Connection lost.' })
  })

  test('each statement has a budget of its own', async () => {
    const { warehouse } = setUp(failing(10), 10 * 60_000)
    await warehouse.query(select)
    const later = setUp(failing(0), 1)
    await later.warehouse.query(select)
    expect(later.calls()).toBe(1)
  })

  test('a budget of zero is one attempt', async () => {
    const { warehouse, calls } = setUp(failing(1), 0)
    await expect(warehouse.query(select)).rejects.toMatchObject({ code: 'QUERY_FAILED' })
    expect(calls()).toBe(1)
  })

  test('jitter keeps clients apart: a delay is between half and all of its length', async () => {
    for (const [random, delay] of [
      [0, 250],
      [0.5, 375],
      [1, 500],
    ] as const) {
      const retries: Retry[] = []
      const inner = { query: failing(1) } as unknown as Warehouse
      const options = { random: () => random, sleep: async () => {}, onRetry: (r: Retry) => retries.push(r) }
      await withRetries(inner, options).query(select)
      expect(retries[0]!.delay).toBe(delay)
    }
  })

  test('a signal ends the waiting', async () => {
    const { warehouse, controller, calls } = setUp(async () => {
      controller.abort()
      throw lost()
    })
    await expect(warehouse.query(select)).rejects.toBeInstanceOf(QueryError)
    expect(calls()).toBe(1)

    const inner = { query: failing(1) } as unknown as Warehouse
    const stop = new AbortController()
    const patient = withRetries(inner, { onRetry: () => queueMicrotask(() => stop.abort()), signal: stop.signal })
    await expect(patient.query(select)).rejects.toMatchObject({ code: 'QUERY_CANCELLED' })
  })
})

test('every argument arrives, of every method', async () => {
  const taken: Record<string, readonly unknown[]> = {
    ...{ query: [select, {}], execute: [select, {}], transaction: [[select], { repeat: 'always' }] },
    ...{ createTables: [[]], createView: ['v', select], stage: ['t', select, {}], dropStaging: [['t'], {}] },
    ...{ loadLines: ['t', [], {}], loadTabular: ['t', [], {}], load: [{}, [], {}], loadStaging: ['t', {}, [], {}] },
    ...{
      describeTable: ['t', 'another_schema'],
      describeTables: [['t']],
      maintain: [[]],
      estimateBytes: [select, {}],
      ping: [],
      close: [],
    },
  }
  const arrived: typeof taken = {}
  const listen =
    (name: string) =>
    async (...args: readonly unknown[]) => {
      arrived[name] = args
    }
  const inner = Object.fromEntries(Object.keys(taken).map((name) => [name, listen(name)]))
  const patient = withRetries(inner as never, {}) as unknown as typeof inner
  for (const [name, args] of Object.entries(taken)) await patient[name]!(...args)
  expect(arrived).toEqual(taken)
})

describe('what does not pass', () => {
  test('fails at once', async () => {
    const { warehouse, retries, calls } = setUp(failing(1, refused))
    await expect(warehouse.query(select)).rejects.toThrow('No such column.')
    expect([calls(), retries]).toEqual([1, []])
  })

  test('ends the trying also when it comes after what may pass', async () => {
    const errors = [lost, lost, refused]
    const { warehouse, calls } = setUp(async () => {
      throw errors.shift()!()
    })
    await expect(warehouse.query(select)).rejects.toThrow('No such column.')
    expect(calls()).toBe(3)
  })
})

describe('what may not be carried out twice', () => {
  test('is sent once: added rows, a transaction that does not say how, what is asked for once', async () => {
    const sends: ((w: Warehouse) => Promise<unknown>)[] = [
      (w) => w.load({} as never, []),
      (w) => w.transaction([select]),
      (w) => w.query(select, { once: true }),
      (w) => w.loadStaging('t', {}, generated()),
    ]
    for (const send of sends) {
      const { warehouse, calls } = setUp(failing(1))
      await expect(send(warehouse)).rejects.toThrow('Connection lost.')
      expect(calls()).toBe(1)
    }
  })

  test('rows of a list are read again', async () => {
    const { warehouse, calls } = setUp(failing(1))
    await warehouse.loadStaging('t', {}, [{ n: 1 }])
    expect(calls()).toBe(2)
  })

  test('a transaction that was committed although its answer was lost is done', async () => {
    const { warehouse, calls } = setUp(failing(1))
    await warehouse.transaction([select], { repeat: async () => true })
    expect(calls()).toBe(1)
  })

  test('one that was not is sent again', async () => {
    const { warehouse, calls } = setUp(failing(1))
    await warehouse.transaction([select], { repeat: async () => false })
    expect(calls()).toBe(2)
  })

  test('one whose first attempt comes through while the second waits for it: its refusal is no failure', async () => {
    const errors = [lost, refused]
    const { warehouse, calls } = setUp(async () => {
      throw errors.shift()!()
    })
    let asked = 0
    await warehouse.transaction([select], { repeat: async () => ++asked > 1 })
    expect([calls(), asked]).toEqual([2, 2])
  })

  test('one that is refused at first was not committed: nobody asks', async () => {
    const { warehouse } = setUp(failing(1, refused))
    const repeat = () => Promise.reject(new Error('nobody asks'))
    await expect(warehouse.transaction([select], { repeat })).rejects.toThrow('No such column.')
  })
})

function* generated() {
  yield { n: 1 }
}
