import { describe, expect, it } from 'vitest'
import { checkConfig } from '../../src/config/read.ts'
import { minimal, problemsOf } from './config-problems.ts'

const source = (more: object) => ({ sources: [{ kind: 'files', path: './events', ...more }] })

describe('unknown options', () => {
  it.each([
    [{ sesions: {} }, '`sesions` is no option here. Did you mean `sessions`?'],
    [{ sessions: { gapMinuts: 20 } }, '`sessions`: `gapMinuts` is no option here. Did you mean `gapMinutes`?'],
    [{ sessions: { gap_minutes: 20 } }, '`sessions`: `gap_minutes` is no option here. Did you mean `gapMinutes`?'],
    [{ server: { prot: 1 } }, '`server`: `prot` is no option here. Did you mean `port`?'],
    [
      { conversions: { purchase: { event: 'x', vlaue: 'y' } } },
      '`conversions.purchase`: `vlaue` is no option here. Did you mean `value`?',
    ],
    [{ history: { forever: true } }, '`history`: `forever` is no option here. There are: keepDays.'],
    [
      { sources: [{ kind: 'files', paht: './x', path: './y' }] },
      '`sources[0]`: `paht` is no option here. Did you mean `path`?',
    ],
  ])('%j', (more, problem) => {
    expect(problemsOf({ ...minimal, ...more })).toEqual([problem])
  })
})

describe('wrong values', () => {
  const host = 'expected a host without scheme, port and path, such as acme.com'
  const cases: [object, string][] = [
    [{ sources: [] }, '`sources`: expected at least one source, but got an empty list.'],
    [{ sources: undefined }, '`sources`: expected a list of sources, but got nothing.'],
    [
      { sources: ['./events'] },
      '`sources[0]`: expected an object with a kind, such as { kind: \'files\', … }, but got "./events".',
    ],
    [
      { sources: [{ kind: 'files' }] },
      '`sources[0].path`: expected the path of a file or folder, or a glob, but got nothing.',
    ],
    [source({ path: ' ' }), '`sources[0].path`: expected the path of a file or folder, or a glob, but got " ".'],
    [source({ name: 'a b' }), '`sources[0].name`: expected a name of letters, digits, _, - and ., but got "a b".'],
    [{ sites: 'acme.com' }, '`sites`: expected a list of hosts, but got "acme.com".'],
    [{ sites: ['https://acme.com'] }, `\`sites[0]\`: ${host}, but got "https://acme.com".`],
    [{ sites: ['a.com', 'acme.com:80'] }, `\`sites[1]\`: ${host}, but got "acme.com:80".`],
    [{ exclude: { hosts: ['*.acme.com'] } }, `\`exclude.hosts[0]\`: ${host}, but got "*.acme.com".`],
    [{ referralExclusions: ['acme.com/pay'] }, `\`referralExclusions[0]\`: ${host}, but got "acme.com/pay".`],
    [{ sessions: [] }, '`sessions`: expected an object with gapMinutes, but got an empty list.'],
    [{ sessions: { gapMinutes: '30' } }, '`sessions.gapMinutes`: expected a number of minutes, but got "30".'],
    [
      { sessions: { gapMinutes: 0 } },
      '`sessions.gapMinutes`: expected a number of minutes above 0 and at most 1440, but got 0.',
    ],
    [
      { sessions: { gapMinutes: 1441 } },
      '`sessions.gapMinutes`: expected a number of minutes above 0 and at most 1440, but got 1441.',
    ],
    [
      { sessions: { gapMinutes: 0.001 } },
      '`sessions.gapMinutes`: expected a number of minutes that is whole seconds, but got 0.001.',
    ],
    [
      { identity: { maxUsersPerDevice: 1.5 } },
      '`identity.maxUsersPerDevice`: expected a number of users, a whole number from 1 to 1000000, but got 1.5.',
    ],
    [
      { identity: { sharedDevices: 'first' } },
      "`identity.sharedDevices`: expected 'next-user' or 'last-user', but got \"first\".",
    ],
    [{ identity: { ignoreIds: [7] } }, '`identity.ignoreIds[0]`: expected an id, but got 7.'],
    [
      { events: { notBefore: '2025-02-30' } },
      '`events.notBefore`: expected a date such as 2020-01-01, or a time such as 2020-01-01T00:00:00Z, but got "2025-02-30".',
    ],
    [
      { events: { deduplicateDays: 0 } },
      '`events.deduplicateDays`: expected a number of days, a whole number from 1 to 3650, but got 0.',
    ],
    [{ exclude: { bots: 'yes' } }, '`exclude.bots`: expected true or false, but got "yes".'],
    [{ exclude: { userIds: [7] } }, '`exclude.userIds[0]`: expected a user id, but got 7.'],
    [
      { exclude: { paths: ['internal/%'] } },
      '`exclude.paths[0]`: expected a pattern of paths that begins with / or %, such as /blog/%, but got "internal/%".',
    ],
    [
      { exclude: { events: ['--'] } },
      '`exclude.events[0]`: expected the name of an event, with a letter or digit in it, but got "--".',
    ],
    [
      { blogPattern: 'blog' },
      '`blogPattern`: expected a pattern of paths that begins with / or %, such as /blog/%, but got "blog".',
    ],
    [
      { conversions: [] },
      '`conversions`: expected an object with a conversion under each name, but got an empty list.',
    ],
    [
      { conversions: { 'Big Sale': { event: 'x' } } },
      '`conversions.Big Sale`: is no name for a conversion. Use lower case letters, digits and _, with a letter first.',
    ],
    [{ conversions: { sale: {} } }, '`conversions.sale`: expected `event` or `events`, but got an empty object.'],
    [
      { conversions: { sale: { event: 'x', events: ['y'] } } },
      '`conversions.sale`: has both `event` and `events`. Keep one of them.',
    ],
    [
      { conversions: { sale: { events: [] } } },
      '`conversions.sale.events`: expected at least one event name, but got an empty list.',
    ],
    [
      { conversions: { sale: { event: 'x', currency: 'c' } } },
      '`conversions.sale`: has a `currency` but no `value`. Name the property with the value.',
    ],
    [
      { conversions: { sale: { event: 'x', defaultCurrency: 'EURO' } } },
      '`conversions.sale.defaultCurrency`: expected an ISO 4217 currency code such as EUR, but got "EURO".',
    ],
    [
      { conversions: { sale: { event: 'x', lookbackDays: 0 } } },
      '`conversions.sale.lookbackDays`: expected a number of days or null, a whole number from 1 to 36500, but got 0.',
    ],
    [
      { conversions: { signup: { every: true } } },
      '`conversions.signup`: cannot have `every`: it is the person’s first. Give the conversion another name.',
    ],
    [
      { channels: [{ channel: 'X', when: {} }] },
      '`channels[0].when`: expected at least one condition, but got an empty object.',
    ],
    [
      { channels: [{ channel: 'X', when: { source: 'y' } }] },
      '`channels[0].when.source`: expected a list of sources, but got "y".',
    ],
    [
      { channels: [{ channel: 'X', paid: 1, when: { source: ['y'] } }] },
      '`channels[0].paid`: expected true or false, but got 1.',
    ],
    [
      { channels: [{ channel: 'X', when: { referrerHost: ['http://y'] } }] },
      `\`channels[0].when.referrerHost[0]\`: ${host}, but got "http://y".`,
    ],
    [
      { schedule: '5 o’clock' },
      '`schedule`: expected cron text of five fields such as 0 5 * * * (every day at five), but got "5 o’clock".',
    ],
    [{ timezone: 'Berlin' }, '`timezone`: expected an IANA time zone such as Europe/Berlin, but got "Berlin".'],
    [
      { history: { keepDays: null } },
      '`history.keepDays`: expected a number of days, a whole number from 1 to 36500, but got null.',
    ],
    [{ server: { port: 70000 } }, '`server.port`: expected a port, a whole number from 0 to 65535, but got 70000.'],
    [
      { log: { level: 'loud' } },
      "`log.level`: expected 'trace' or 'debug' or 'info' or 'warn' or 'error' or 'fatal' or 'silent', but got \"loud\".",
    ],
    [
      { warehouse: { kind: 'duckdb', path: ':memory:' } },
      '`warehouse.path`: expected the path of a database file, but got ":memory:".',
    ],
    [
      { warehouse: { kind: 'duckdb', threads: 0 } },
      '`warehouse.threads`: expected a number of threads, a whole number from 1 to 1024, but got 0.',
    ],
    [
      { warehouse: { kind: 'duckdb', memoryLimit: '4 gigs' } },
      '`warehouse.memoryLimit`: expected an amount of memory such as 4GB, but got "4 gigs".',
    ],
    [
      { warehouse: { kind: 'duckdb', schema: 'A-B' } },
      '`warehouse.schema`: expected a name of lower case letters, digits and _, but got "A-B".',
    ],
  ]
  it.each(cases)('%j', (more, problem) => {
    expect(problemsOf({ ...minimal, ...more })).toEqual([problem])
  })

  it('checks sources of tables', () => {
    const sources = (...list: unknown[]) => problemsOf({ sources: list })
    expect(sources({ kind: 'segment' })).toEqual([
      '`sources[0].schema`: expected the name of one schema, such as segment_prod, but got nothing.',
    ])
    expect(sources({ kind: 'rudderstack', schema: 'a.b', path: './x' })).toHaveLength(2)
    expect(sources({ kind: 'segment', schema: 's', readableAt: 1 })).toEqual([
      '`sources[0].readableAt`: expected the name of a column or null, but got 1.',
    ])
    expect(sources({ kind: 'segment', schema: 's' }, { kind: 'segment', schema: 's', name: 'b' })).toEqual([
      '`sources[1]`: reads the same schema as sources[0]. Remove one of them.',
    ])
    expect(sources({ kind: 'segment', schema: 'events' }, { kind: 'files', path: './events' })).toEqual([
      '`sources[1]`: has the name of sources[0], `events`. Give one of them another `name`.',
    ])
  })

  it('refuses a time before 1970, where order keys begin', () => {
    expect(problemsOf({ ...minimal, events: { notBefore: '1969-12-31' } })).toEqual([
      '`events.notBefore`: expected a date or time in 1970 or later: order keys count from there, but got "1969-12-31".',
    ])
  })

  it('refuses kinds that do not exist yet and says what does', () => {
    expect(
      problemsOf({ sources: [{ kind: 'postgres', schema: 'prod' }], warehouse: { kind: 'oracle', project: 'x' } }),
    ).toEqual([
      "`warehouse.kind`: expected 'duckdb', 'postgres', 'redshift' or 'bigquery', but got \"oracle\".",
      "`sources[0].kind`: expected 'files', 'segment' or 'rudderstack', but got \"postgres\". Other databases cannot be read yet: export them to files of JSON lines, CSV or Parquet.",
    ])
  })

  it('refuses two sources with one name, and the same files twice', () => {
    const of = (...sources: object[]) => problemsOf({ sources: sources.map((s) => ({ kind: 'files', ...s })) })
    expect(of({ path: 'a/events' }, { path: 'b/events' })).toEqual([
      '`sources[1]`: has the name of sources[0], `events`. Give one of them another `name`.',
    ])
    expect(of({ path: 'a' }, { path: './a', name: 'b' })).toEqual([
      '`sources[1]`: reads the same files as sources[0]. Remove one of them.',
    ])
  })

  it('never repeat the address of a warehouse, which may hold a password', () => {
    const url = 'postgres://reader:hunter2@db.internal'
    const problems = problemsOf({ sources: [], warehouse: { kind: 'postgres', url } }).join('\n')
    expect(problems).toContain('`warehouse.url`: is no address of a database')
    expect(problems).not.toContain('hunter2')
  })

  it('reports everything at once, in one error', () => {
    const input = {
      sources: [{ kind: 'files', path: 7 }],
      sesions: {},
      sessions: { gapMinutes: -1 },
      timezone: 'Mars',
      log: { levle: 'info' },
    }
    expect(problemsOf(input)).toHaveLength(5)
    expect(() => checkConfig(input, 'acme.json', {})).toThrow(/^acme\.json has 5 problems:\n {2}- `sources\[0\]\.path`/)
  })
})

describe('schedules', () => {
  it.each(['0 5 * * *', '*/15 * * * *', '0 0 1,15 * mon-fri', '5-55/10 8-18 * jan,jul 7'])('takes %s', (schedule) => {
    expect(problemsOf({ ...minimal, schedule })).toEqual([])
  })

  it.each([
    '',
    '* * * *',
    '60 * * * *',
    '* 24 * * *',
    '* * 0 * *',
    '* * * 13 *',
    '* * * * 8',
    '*/0 * * * *',
    '9-5 * * * *',
    '@daily',
    '* * * * * *',
  ])('refuses %j', (schedule) => {
    expect(problemsOf({ ...minimal, schedule })).toHaveLength(1)
  })
})
