import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, expectTypeOf, it } from 'vitest'
import type { z } from 'zod'
import { defaults } from '../../src/config/defaults.ts'
import { defineConfig, env } from '../../src/config/define-config.ts'
import type { ConfigInput, EnvVariable } from '../../src/config/options.ts'
import { checkConfig, readConfig } from '../../src/config/read.ts'
import type { configSchema } from '../../src/config/schema.ts'
import { ConfigError } from '../../src/errors.ts'

const file = resolve('/somewhere/tributary.config.json')
const minimal = { sources: [{ kind: 'files', path: './events' }] }
const check = (input: unknown, environment = {}) => checkConfig(input, file, environment)
const also = (more: object) => check({ ...minimal, ...more })

const problemsOf = (make: () => unknown): readonly string[] => {
  try {
    make()
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  return []
}

describe('defaults', () => {
  it('gives a bucket of Redshift a prefix', () => {
    const warehouse = { kind: 'redshift', database: 'prod', workgroupName: 'a', bucket: { name: 'loads' } }
    expect(also({ warehouse }).warehouse).toEqual({
      ...warehouse,
      schema: 'tributary',
      bucket: { name: 'loads', prefix: 'tributary/' },
    })
  })

  it('fills everything in from one source', () => {
    const { configVersion, ...config } = check(minimal)
    expect(config).toEqual({
      file,
      warehouse: { kind: 'duckdb', path: '/somewhere/warehouse.duckdb', schema: 'tributary' },
      pipeline: {
        sources: [{ kind: 'files', name: 'events', path: '/somewhere/events', deduplicateAs: null }],
        sites: [],
        sessions: { gapMinutes: 30 },
        identity: { maxUsersPerDevice: 10, sharedDevices: 'next-user', ignoreIds: [] },
        events: { notBefore: '2005-01-01T00:00:00.000000Z', deduplicateDays: 35 },
        exclude: { bots: true, userIds: [], hosts: [], paths: [], events: [] },
        conversions: {
          signup: {
            events: ['signed_up', 'sign_up', 'signup', 'user_signed_up', 'account_created'],
            value: null,
            currency: null,
            defaultCurrency: 'USD',
            every: false,
            lookbackDays: null,
          },
        },
        blogPattern: '/blog/%',
        channels: [],
        referralExclusions: [],
      },
      productUrl: null,
      schedule: null,
      timezone: 'UTC',
      history: { keepDays: 90 },
      limits: { bytesPerRun: null, retryMinutes: 120, rowsPerRun: 2_500_000 },
      server: { host: '127.0.0.1', port: 4000 },
      log: { level: 'info' },
    })
    expect(configVersion).toMatch(/^[0-9a-f]{16}$/)
  })

  it('keeps the rest of an object of which one option is given, and takes undefined as absent', () => {
    const { pipeline, warehouse } = also({
      exclude: { hosts: ['staging.acme.com'], bots: undefined },
      warehouse: { kind: 'duckdb', threads: 2, path: undefined },
      sessions: undefined,
    })
    expect(pipeline.exclude).toEqual({ ...defaults.exclude, hosts: ['staging.acme.com'] })
    expect(warehouse).toEqual({ ...defaults.warehouse, path: '/somewhere/warehouse.duckdb', threads: 2 })
    expect(pipeline.sessions).toEqual(defaults.sessions)
  })

  it('gives conversions theirs: 90 days, once; signup no limit', () => {
    const { conversions } = also({
      conversions: { purchase: { event: 'Order Completed', value: 'revenue' }, signup: { lookbackDays: 30 } },
    }).pipeline
    expect(conversions.purchase).toEqual({
      events: ['Order Completed'],
      value: 'revenue',
      currency: null,
      defaultCurrency: 'USD',
      every: false,
      lookbackDays: 90,
    })
    expect(conversions.signup).toMatchObject({ lookbackDays: 30, events: expect.arrayContaining(['signed_up']) })
    expect(
      also({ conversions: { trial: { events: ['a', 'b'], lookbackDays: null } } }).pipeline.conversions.trial
        ?.lookbackDays,
    ).toBeNull()
  })

  it('lets null say that there is no blog', () => {
    expect(also({ blogPattern: null }).pipeline.blogPattern).toBeNull()
  })

  it('is frozen to the bottom', () => {
    const config = also({ channels: [{ channel: 'Partner', when: { source: ['bestlists'] } }] })
    const open: string[] = []
    const visit = (value: unknown, path: string) => {
      if (typeof value !== 'object' || value === null) return
      if (!Object.isFrozen(value)) open.push(path)
      for (const [key, item] of Object.entries(value)) visit(item, `${path}.${key}`)
    }
    visit(config, 'config')
    expect(open).toEqual([])
    expect(config.pipeline.channels[0]).toEqual({ channel: 'Partner', paid: false, when: { source: ['bestlists'] } })
  })
})

describe('one form for values', () => {
  it('writes hosts as browsers do', () => {
    expect(also({ sites: ['ACME.com', 'bücher.de', 'localhost'] }).pipeline.sites).toEqual([
      'acme.com',
      'xn--bcher-kva.de',
      'localhost',
    ])
  })

  it('writes times in UTC with microseconds', () => {
    const at = (notBefore: string) => also({ events: { notBefore } }).pipeline.events.notBefore
    expect(at('2020-02-29')).toBe('2020-02-29T00:00:00.000000Z')
    expect(at('2020-01-01T01:00:00+02:00')).toBe('2019-12-31T23:00:00.000000Z')
  })

  it.each([
    ['./events', 'events'],
    ['data/web.jsonl.gz', 'web'],
    ['data/web/*.jsonl', 'web'],
    ['/srv/my events/**/*.json', 'my_events'],
    ['*.jsonl', 'files'],
    ['../..', 'files'],
  ])('names the source of %s %s', (path, name) => {
    expect(check({ sources: [{ kind: 'files', path }] }).pipeline.sources[0]?.name).toBe(name)
  })
})

describe('the version', () => {
  const version = (more: object) => also(more).configVersion

  it('does not depend on the order of keys, on spelled-out defaults, on folders or on what shapes no table', () => {
    const a = version({ sessions: { gapMinutes: 20 }, exclude: { bots: true, hosts: ['a.com'] }, sites: ['b.com'] })
    const b = version({
      sites: ['B.com'],
      exclude: { hosts: ['a.com'], bots: true },
      sessions: { gapMinutes: 20 },
      blogPattern: '/blog/%',
    })
    expect(a).toBe(b)
    expect(
      version({ server: { port: 1 }, schedule: '0 5 * * *', history: { keepDays: 1 }, log: { level: 'debug' } }),
    ).toBe(version({}))
    expect(checkConfig(minimal, resolve('/elsewhere/c.json'), {}).configVersion).toBe(version({}))
    expect(version({ sources: [...minimal.sources, { kind: 'files', path: './more' }] })).toBe(version({}))
  })

  it.each([
    [{ sessions: { gapMinutes: 20 } }],
    [{ sites: ['acme.com'] }],
    [{ exclude: { bots: false } }],
    [{ identity: { sharedDevices: 'last-user' } }],
    [{ events: { deduplicateDays: 7 } }],
    [{ conversions: { signup: { lookbackDays: 90 } } }],
    [{ channels: [{ channel: 'Partner', when: { source: ['x'] } }] }],
    [{ referralExclusions: ['pay.example'] }],
    [{ blogPattern: null }],
  ])('changes with %j', (more) => {
    expect(version(more)).not.toBe(version({}))
  })
})

describe('files', () => {
  let folder: string
  const write = async (name: string, text: string) => {
    await writeFile(join(folder, name), text)
    return join(folder, name)
  }
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tributary-config-'))
    await mkdir(join(folder, 'node_modules'))
    await symlink(resolve('.'), join(folder, 'node_modules', 'tributary'))
  })
  afterAll(() => rm(folder, { recursive: true }))

  it('reads JSON, paths relative to the file', async () => {
    const config = await readConfig(
      await write('a.json', `\uFEFF${JSON.stringify({ sources: [{ kind: 'files', path: '../in' }] })}`),
      {},
    )
    expect(config.pipeline.sources[0]).toHaveProperty('path', resolve(folder, '../in'))
    expect(config.warehouse).toMatchObject({ path: join(folder, 'warehouse.duckdb') })
  })

  it.each(['ts', 'mjs', 'js'])('imports .%s', async (ending) => {
    const type = ending === 'ts' ? ': string' : ''
    const path = await write(
      `b.${ending}`,
      `const path${type} = './in'\nexport default { sources: [{ kind: 'files', path }] }`,
    )
    expect((await readConfig(path, {})).pipeline.sources[0]).toHaveProperty('path', join(folder, 'in'))
  })

  it.each([
    ['c.json', '{ "sources": ', /expected JSON, but got: .+/],
    ['c.mjs', 'export const config = {}', /expected `export default { … }`/],
    ['d.mjs', 'throw new Error("no such thing")', /module that Node can import, but got: no such thing/],
    ['c.yaml', 'sources: []', /expected a file that ends in .*\.json, but got ".yaml"/],
    ['c1.json', '[]', /`configuration`: expected an object with warehouse, sources.*, but got an empty list/],
  ])('says what is wrong with %s', async (name, text, message) => {
    await expect(readConfig(await write(name, text), {})).rejects.toThrow(message)
  })

  it('says when there is none', async () => {
    await expect(readConfig(join(folder, 'none.json'), {})).rejects.toThrow(/there is no such file/)
  })
})

describe('sources of tables', () => {
  it('are called like their schema; null for readableAt is not its absence', () => {
    const { sources } = check({
      sources: [
        { kind: 'segment', schema: 'segment_prod' },
        { kind: 'rudderstack', schema: 'rs', name: 'app', deduplicateAs: 'x', readableAt: null },
      ],
    }).pipeline
    expect(sources).toEqual([
      { kind: 'segment', name: 'segment_prod', schema: 'segment_prod', deduplicateAs: null },
      { kind: 'rudderstack', name: 'app', schema: 'rs', deduplicateAs: 'x', readableAt: null },
    ])
  })
})

describe('variables', () => {
  it('takes values from the environment, in JSON too', () => {
    const sources = [{ kind: 'files', path: env('EVENTS'), name: 'web' }]
    expect(check({ sources }, { EVENTS: '/in' }).pipeline.sources[0]).toHaveProperty('path', '/in')
    expect(check(JSON.parse(JSON.stringify({ sources })), { EVENTS: '/in' }).pipeline.sources[0]).toHaveProperty(
      'path',
      '/in',
    )
  })

  it('reports a missing one beside the other problems, once', () => {
    expect(problemsOf(() => check({ sources: [{ kind: 'files', path: env('EVENTS') }], sites: [1] }))).toEqual([
      '`sources[0].path`: expected the environment variable EVENTS, but it is not set.',
      '`sites[0]`: expected a host without scheme, port and path, such as acme.com, but got 1.',
    ])
  })

  it('never shows the value of one', () => {
    const problems = problemsOf(() => check({ ...minimal, log: { level: env('LEVEL') } }, { LEVEL: 'hunter2' }))
    expect(problems.join()).toContain('something else in the environment variable LEVEL')
    expect(problems.join()).not.toContain('hunter2')
  })

  it('lets PORT win, and checks it', () => {
    expect(check({ ...minimal, server: { port: 1, host: '::1' } }, { PORT: '8080' }).server).toEqual({
      host: '::1',
      port: 8080,
    })
    expect(problemsOf(() => check(minimal, { PORT: 'http' }))).toEqual([
      'environment variable PORT: expected a port, a whole number from 0 to 65535, but got "http".',
    ])
  })
})

describe('types', () => {
  type Filled<T> = T extends EnvVariable ? never : T extends object ? { [K in keyof T]: Filled<T[K]> } : T

  it('say what the checks say', () => {
    expectTypeOf<z.input<typeof configSchema>>().toEqualTypeOf<Filled<ConfigInput>>()
    expectTypeOf(defineConfig).parameter(0).toEqualTypeOf<ConfigInput>()
    // @ts-expect-error an unknown option
    defineConfig({ sources: [], sesions: {} })
  })
})
