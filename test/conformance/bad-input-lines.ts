import { good } from './bad-input-bench.ts'

/** A line and what becomes of it: refused for a reason, `nothing` at all, or an event, by its id. */
type LineCase = { readonly name: string; readonly line: string } & (
  | { readonly reason: string }
  | { readonly id: string; readonly event?: Readonly<Record<string, unknown>> }
)

const at = '"timestamp":"2025-03-01T10:00:00Z"'
const T = '2025-03-01T10:00:00Z'
const refused = (reason: string, cases: Readonly<Record<string, string>>): LineCase[] =>
  Object.entries(cases).map(([name, line]) => ({ name, line, reason }))

const unreadable = refused('UNREADABLE', {
  'NUL in a property': `{"type":"page","userId":"u","properties":{"a":"x\\u0000y"},${at}}`,
  'NUL in an id': `{"type":"page","userId":"u\\u0000",${at}}`,
  'NUL in a time': '{"type":"page","userId":"u","timestamp":"2025-03-01T10:00:00\\u0000"}',
  'an array': '[]',
  'a string': '"text"',
  'a number': '42',
  null: 'null',
  'a boolean': 'true',
  'a torn object': '{"type":"page","anonymousId":"a"',
  'no JSON': '{bad',
  'single quotes': "{'type':'page'}",
  'a trailing comma': good('trailing').replace(/}$/, ',}'),
  'a trailing comma in an array': good('x', ',"properties":{"a":[1,]}'),
  NaN: good('x', ',"properties":{"a":NaN}'),
  '-Infinity': good('x', ',"properties":{"a":-Infinity}'),
  'two objects': `${good('x')} ${good('y')}`,
  'a comment behind': `${good('x')} // why`,
  'a comment inside': good('x', '/* why */'),
  'a lone surrogate in a property': good('x', ',"properties":{"a":"\\ud800"}'),
  'a lone surrogate in an id': good('x\\ud800'),
  'a raw tab in a string': good('a\tb'),
  'a byte order mark inside the file': `\uFEFF${good('x')}`,
  'a non-breaking space alone': '\u00a0',
  'other text': 'Schöne Grüße 🎉',
})

const unknownType = refused('UNKNOWN_TYPE', {
  'an empty object': '{}',
  'no type': `{"userId":"u",${at}}`,
  'type null': `{"type":null,"userId":"u",${at}}`,
  'an unknown type': `{"type":"order","userId":"u",${at}}`,
  'a type of 300 letters': `{"type":"${'x'.repeat(300)}","userId":"u",${at}}`,
  'a list as type': `{"type":["page"],"userId":"u",${at}}`,
  'keys with spaces': `{" type ":"page","userId":"u",${at}}`,
  'a number as type': `{"type":7,"userId":"u",${at}}`,
})

const wrongType = refused('WRONG_TYPE', {
  'an object as id': `{"type":"page","anonymousId":{"a":1},${at}}`,
  'a decimal number as id': `{"type":"page","userId":1.50,${at}}`,
  'a number with an exponent as id': `{"type":"page","userId":1e2,${at}}`,
  'a list as id': `{"type":"page","userId":["x"],${at}}`,
  'a boolean as id': `{"type":"page","userId":true,${at}}`,
  'an object as message id': `{"type":"page","messageId":{"a":1},"userId":"u",${at}}`,
  'a list as event': `{"type":"track","event":["Signed Up"],"userId":"u",${at}}`,
  'text as context': `{"type":"page","userId":"u","context":"x",${at}}`,
  'text as page': `{"type":"page","userId":"u","context":{"page":"/"},${at}}`,
  'a list as properties': `{"type":"page","userId":"u","properties":[1],${at}}`,
  'a number as time': '{"type":"page","userId":"u","timestamp":1740823200000}',
  'a list as time': '{"type":"page","userId":"u","timestamp":["2025-03-01T10:00:00Z"]}',
})

const noId = refused('NO_ID', {
  'no ids': `{"type":"page",${at}}`,
  'userId "null"': `{"type":"page","userId":"null",${at}}`,
  'ids null': `{"type":"page","userId":null,"anonymousId":null,${at}}`,
  'userId "Undefined"': `{"type":"page","anonymousId":"","userId":"Undefined",${at}}`,
  'ids of white space': `{"type":"page","userId":" ","anonymousId":"\\t\\n",${at}}`,
  'userId 0': `{"type":"page","userId":0,${at}}`,
  'the nil UUID': `{"type":"page","anonymousId":"00000000-0000-0000-0000-000000000000",${at}}`,
})

const timed = (fields: Readonly<Record<string, unknown>>) =>
  JSON.stringify({ type: 'page', messageId: `t ${JSON.stringify(fields)}`, anonymousId: 'a', ...fields })
const timesRefused = (reason: string, cases: readonly Readonly<Record<string, unknown>>[]): LineCase[] =>
  cases.map((fields) => ({ name: JSON.stringify(fields), line: timed(fields), reason }))
const timeAccepted = (fields: Readonly<Record<string, unknown>>, occurred_at: string): LineCase => ({
  name: JSON.stringify(fields),
  line: timed(fields),
  id: `t ${JSON.stringify(fields)}`,
  event: { occurred_at },
})
const long = '9999-12-31T23:59:59Z'
const early = '0001-01-01T00:00:00Z'

const times: readonly LineCase[] = [
  ...timesRefused('NO_TIME', [
    {},
    { timestamp: '' },
    { timestamp: '2025-03-01' },
    { timestamp: '1740823200000' },
    { timestamp: 'yesterday' },
    { timestamp: '-0044-03-15T00:00:00Z' },
    { timestamp: '+012025-03-01T10:00:00Z' },
    { timestamp: '2025-02-29T00:00:00Z' },
    { timestamp: '2025-03-01T23:59:60Z' },
    { timestamp: '2025-03-01T24:00:00Z' },
    { timestamp: '2025-03-01T10:00:00 Europe/Berlin' },
    { timestamp: 'infinity' },
    { timestamp: 'epoch' },
    { timestamp: '0000-01-01T00:00:00Z' },
    { timestamp: '0001-01-01T00:00:00+14:00' },
    { originalTimestamp: T },
    { originalTimestamp: T, sentAt: T },
  ]),
  ...timesRefused('FUTURE', [
    { timestamp: '3000-01-01T00:00:00Z' },
    { timestamp: long },
    { timestamp: T, receivedAt: '1970-01-01T00:00:00Z' },
    { timestamp: T, receivedAt: '2199-01-01T00:00:00Z' },
    { receivedAt: '2199-01-01T00:00:00Z' },
    { originalTimestamp: long, receivedAt: long, sentAt: early },
    { originalTimestamp: T, receivedAt: T, sentAt: early },
  ]),
  ...timesRefused('PAST', [
    { timestamp: '2004-12-31T23:59:59.999999Z' },
    { timestamp: early },
    { originalTimestamp: early, receivedAt: T, sentAt: long },
  ]),
  timeAccepted({ timestamp: '2025-03-01T12:00:00+02:00' }, '2025-03-01T10:00:00.000000Z'),
  timeAccepted({ timestamp: '2025-03-01T10:00:00-23:59' }, '2025-03-02T09:59:00.000000Z'),
  timeAccepted({ timestamp: '2025-03-01T10:00' }, '2025-03-01T10:00:00.000000Z'),
  timeAccepted({ timestamp: ' 2025-03-01t10:00:00z ' }, '2025-03-01T10:00:00.000000Z'),
  timeAccepted({ timestamp: `2025-03-01T10:00:00.${'1'.repeat(40)}Z` }, '2025-03-01T10:00:00.111111Z'),
  timeAccepted({ timestamp: 'soon', receivedAt: T }, '2025-03-01T10:00:00.000000Z'),
  timeAccepted({ originalTimestamp: T, receivedAt: '2025-03-01T10:00:05Z' }, '2025-03-01T10:00:05.000000Z'),
]

const odd = (id: string, fields: string, event: Readonly<Record<string, unknown>> = {}): LineCase => ({
  name: id,
  line: `{"messageId":"${id}",${fields},${at}}`,
  id,
  event,
})

const accepted: readonly LineCase[] = [
  odd(
    '10,000 lists in each other',
    `"type":"page","userId":"u","properties":{"a":${'['.repeat(1e4)}${']'.repeat(1e4)}}`,
  ),
  odd(
    '9,000 objects in each other',
    `"type":"page","userId":"u","properties":{"a":${'{"a":'.repeat(9e3)}1${'}'.repeat(9e3)}}`,
  ),
  odd('an emoji in an event name', '"type":"track","userId":"u","event":"🎉 Signed Up 🎉"', {
    event_name: 'signed_up',
  }),
  odd('an emoji as event name', '"type":"track","userId":"u","event":"🎉"', { name: '🎉', event_name: null }),
  odd('a track without a name', '"type":"track","userId":"u"', { name: null, event_name: null }),
  odd('a number as id', '"type":"page","userId":12345678901234567890123', { user_id: '12345678901234567890123' }),
  odd('a URL that is an object', '"type":"page","userId":"u","properties":{"url":{"a":1},"referrer":7}', {
    page_host: null,
  }),
  odd(
    'a user agent that is an object',
    '"type":"page","userId":"u","context":{"userAgent":{"a":1},"library":{"name":["x"]}}',
  ),
  odd('a type in capitals', '"type":"PAGE","userId":"u"', { type: 'page' }),
  odd(
    'properties of 70 KB',
    `"type":"page","userId":"u","properties":{"url":"https://acme.test/big","x":"${'x'.repeat(70_000)}"}`,
    {
      page_path: '/big',
      properties: null,
    },
  ),
  odd('traits of 1 MB', `"type":"identify","userId":"u","traits":{"x":"${'x'.repeat(1_000_000)}"}`, {
    properties: null,
  }),
  odd('ids of white space and text', '"type":"page","userId":" u \\n","anonymousId":"NULL"', {
    user_id: 'u',
    anonymous_id: null,
  }),
]

const url = (text: string, event: Readonly<Record<string, unknown>>): LineCase => ({
  name: text.length > 60 ? `${text.slice(0, 60)}…` : text,
  line: good(`url ${text.slice(0, 60)}`, `,"properties":${JSON.stringify({ url: text, referrer: text })}`),
  id: `url ${text.slice(0, 60)}`,
  event,
})
const source = (text: string, utm_source: string | null) =>
  url(`https://acme.test/?utm_source=${text}`, { page_host: 'acme.test', page_path: '/', utm_source })

const urls: readonly LineCase[] = [
  url('not a url', { page_host: null, page_path: null }),
  url('https://', { page_host: null, page_path: '/' }),
  url('javascript:alert(1)', { page_host: null, page_path: null }),
  url('data:text/html,?utm_source=d', { page_host: null, utm_source: 'd' }),
  url('/relative?utm_source=rel', { page_host: null, page_path: null, utm_source: 'rel' }),
  url('HTTPS://ACME.TEST:99999/X', { page_host: 'acme.test', page_path: '/X' }),
  url(`https://acme.test/${'a'.repeat(100_000)}`, { page_host: 'acme.test' }),
  url('?'.repeat(5_000), { page_host: null, utm_source: null }),
  source('%', '%'),
  source('%zz', '%zz'),
  source('%E0%A4%A', '%E0%A4%A'),
  source('%FF%FE', '%FF%FE'),
  source('%ED%A0%80', '%ED%A0%80'),
  source('a%00b', 'a%00b'),
  source('%F0%9F%8E%89', '🎉'),
  source('%25%32%35', '%25'),
  source("';drop table x;--", "';drop table x;--"),
  source('%41'.repeat(20_000), 'A'.repeat(20_000)),
]

const nothing: readonly LineCase[] = [
  { name: 'a line of tabs', line: '\t\t', reason: 'nothing' },
  { name: 'a line of 500 spaces', line: ' '.repeat(500), reason: 'nothing' },
]

/** Lines that any reader of lines takes for lines. */
export const lineCases: readonly LineCase[] = [
  ...[...unreadable, ...unknownType, ...wrongType, ...noId],
  ...[...times, ...accepted, ...urls, ...nothing],
]
