import { describe, expect, test } from 'vitest'
import { dayOf, startOfDay, timezoneOf } from '../../src/resolvers/timezones.ts'
import { dateTimeInput, dateTimeOutput } from '../../src/schema/times.ts'

describe('a time from a caller', () => {
  test.each([
    ['2025-01-31', '2025-01-31'],
    ['2025-01-31T09:00', '2025-01-31T09:00:00.000000Z'],
    ['2025-01-31T09:00:01', '2025-01-31T09:00:01.000000Z'],
    ['2025-01-31 09:00:01.5', '2025-01-31T09:00:01.500000Z'],
    ['2025-01-31T09:00:00Z', '2025-01-31T09:00:00.000000Z'],
    ['2025-01-31t09:00:00z', null],
    ['2025-01-31T09:00:00+02:00', '2025-01-31T07:00:00.000000Z'],
    ['2025-01-31T00:30:00+0130', '2025-01-30T23:00:00.000000Z'],
    ['2025-01-31T09:00:00-05', '2025-01-31T14:00:00.000000Z'],
    ['2025-01-31T09:00:00.1234567Z', '2025-01-31T09:00:00.123456Z'],
    ['1738314000000', '2025-01-31T09:00:00.000000Z'],
    [1738314000000, '2025-01-31T09:00:00.000000Z'],
    [0, '1970-01-01T00:00:00.000000Z'],
    ['0', '1970-01-01T00:00:00.000000Z'],
    [1738314000, null],
    [1738314000000.5, null],
    [Number.NaN, null],
    [8.64e15, null],
    ['2025', null],
    ['20250131', null],
    ['2025-02-30', null],
    ['2025-01-31T25:00', null],
    ['2025-01-31T09:00:61', null],
    ['9999-01-01', null],
    ['yesterday', null],
    ['infinity', null],
    ['', null],
    [true, null],
    [null, null],
    [{}, null],
  ])('%j is %j', (input, expected) => {
    if (expected === null) expect(() => dateTimeInput(input)).toThrow(/^Expected a time/)
    else expect(dateTimeInput(input)).toBe(expected)
  })
})

test('times are written with microseconds only when there are any', () => {
  expect(dateTimeOutput('2025-01-31T09:00:00.000000Z')).toBe('2025-01-31T09:00:00.000Z')
  expect(dateTimeOutput('2025-01-31T09:00:00.123000Z')).toBe('2025-01-31T09:00:00.123Z')
  expect(dateTimeOutput('2025-01-31T09:00:00.000001Z')).toBe('2025-01-31T09:00:00.000001Z')
})

describe('a local day', () => {
  test.each([
    ['2025-01-31', 'UTC', '2025-01-31T00:00:00.000000Z'],
    ['2025-01-31', 'Europe/Berlin', '2025-01-30T23:00:00.000000Z'],
    // The clock goes forward on 30 March and back on 26 October.
    ['2025-03-30', 'Europe/Berlin', '2025-03-29T23:00:00.000000Z'],
    ['2025-03-31', 'Europe/Berlin', '2025-03-30T22:00:00.000000Z'],
    ['2025-10-27', 'Europe/Berlin', '2025-10-26T23:00:00.000000Z'],
    ['2025-01-31', 'Asia/Kathmandu', '2025-01-30T18:15:00.000000Z'],
    ['2025-01-31', 'Pacific/Auckland', '2025-01-30T11:00:00.000000Z'],
    // Midnight does not exist in Beirut on 30 March 2025, and twice in Havana on 2 November 2025.
    ['2025-03-30', 'Asia/Beirut', '2025-03-29T22:00:00.000000Z'],
    ['2025-11-02', 'America/Havana', '2025-11-02T04:00:00.000000Z'],
  ])('%s in %s begins at %s', (day, timezone, expected) => {
    expect(startOfDay(day, timezone)).toBe(expected)
    expect(dayOf(expected, timezone)).toBe(day)
    const before = new Date(Date.parse(expected.replace('000Z', 'Z')) - 1).toISOString()
    expect(dayOf(before, timezone) < day).toBe(true)
  })

  test.each(['', 'Mars/Olympus', '+02:00', "UTC'", 'Europe/Berlin; drop'])('%j is no time zone', (name) => {
    expect(() => timezoneOf(name)).toThrow(/^Expected `timezone` to be an IANA name/)
  })
})
