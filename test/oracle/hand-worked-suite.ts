import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import * as specs from '../../src/pipeline/tables/people.ts'
import { dataColumns } from '../../src/pipeline/tables/table.ts'
import { pick, tablesOf } from './build.ts'
import { testSettings } from './settings.ts'
import { formatTime, parseTime } from './time.ts'

const fixture = (name: string) => readFileSync(new URL(`../fixtures/hand-worked/${name}`, import.meta.url), 'utf8')
const time = (text: string) => formatTime(parseTime(text)!)

/** The oracle gives every answer of `expected.json`, which was worked out by hand. */
export function testHandWorked(): void {
  describe('hand-worked example', () => {
    const expected = JSON.parse(fixture('expected.json'))
    const lines = ['1.jsonl', '2.jsonl', '3.jsonl'].flatMap((name) => fixture(name).split('\n'))
    const tables = tablesOf(lines)
    const of =
      (person: string, column = 'person_id') =>
      (row: Record<string, unknown>) =>
        row[column] === person

    test('settings are those of the tests', () => {
      const { event, ...purchase } = expected.settings.conversions.purchase
      expect(testSettings).toMatchObject({
        sites: expected.settings.sites,
        sessions: { gapMinutes: expected.settings.gapMinutes },
        blogPattern: expected.settings.blogPattern,
        conversions: { purchase: { ...purchase, events: [event] } },
      })
    })

    test.each([
      [specs.knownPairs, tables.known_pairs],
      [specs.aliases, tables.aliases],
      [specs.sessions, tables.sessions],
      [specs.touches, tables.touches],
      [specs.conversions, tables.conversions],
      [specs.credits, tables.credits],
      [specs.attribution, tables.attribution],
    ])('rows have the columns of their table', (spec, rows) => {
      const columns = dataColumns(spec).filter((column) => column !== 'rule_id' && column !== 'evidence')
      for (const row of rows) expect(Object.keys(row)).toEqual(columns)
    })

    test('counts and quarantine', () => {
      expect(tables.quarantine).toEqual(expected.quarantine)
      expect({
        events: tables.events.length,
        people: tables.people.length,
        sessions: tables.sessions.length,
        touches: tables.touches.length,
        signups: tables.conversions.filter(of('signup', 'conversion')).length,
        purchases: tables.conversions.filter(of('purchase', 'conversion')).length,
      }).toEqual(expected.counts)
      const refused = tables.quarantine.reduce((sum, row) => sum + Number(row.count), 0)
      const read = lines.filter((line) => line !== '').length
      expect(read - refused - tables.events.length).toBe(expected.duplicates)
    })

    test('sessions', () => {
      const found = Object.fromEntries(
        tables.people.map((person) => [
          person,
          pick(tables.sessions.filter(of(person)), ['started_at', 'ended_at']).map((s) => s.join('/')),
        ]),
      )
      const wanted = Object.entries(expected.sessions as Record<string, string[]>).map(([person, list]) => [
        person,
        list.map((s) => s.split('/').map(time).join('/')),
      ])
      expect(found).toEqual({ 'u-dan': [], ...Object.fromEntries(wanted) })
    })

    test('touches', () => {
      for (const [person, list] of Object.entries(expected.touches as Record<string, Record<string, string>[]>)) {
        const found = tables.touches
          .filter(of(person))
          .sort((a, b) => (String(a.order_key) < String(b.order_key) ? -1 : 1))
          .map((touch) => ({ ...touch, at: touch.touched_at }))
        expect(found, person).toHaveLength(list.length)
        expect(found, person).toMatchObject(list.map((touch) => ({ ...touch, at: time(touch.at!) })))
      }
    })

    test('attribution', () => {
      const found = Object.fromEntries(tables.attribution.map((row) => [row.person_id, row]))
      expect(Object.keys(found).sort()).toEqual(Object.keys(expected.attribution).sort())
      for (const [person, row] of Object.entries(expected.attribution as Record<string, Record<string, string>>)) {
        const { signed_up_at, first, last, first_paid, last_paid, ...rest } = row
        expect(found[person], person).toMatchObject({
          ...rest,
          signed_up_at: time(signed_up_at!),
          first_touch_channel: first,
          last_touch_channel: last,
          first_paid_touch_channel: first_paid,
          last_paid_touch_channel: last_paid,
        })
      }
    })

    test.each([
      ['signup', expected.signupCredit],
      ['purchase', expected.purchaseCredit],
    ])('credit of %s', (conversion, models) => {
      for (const [model, wanted] of Object.entries(models as Record<string, Record<string, number>>)) {
        const [, name, unit] = /^([A-Z_]+?)(?:_(billionths|cents))?$/.exec(model)!
        const column = `${name!.toLowerCase()}_${unit === 'cents' ? 'revenue' : 'credit'}`
        const found: Record<string, number> = {}
        for (const row of tables.credits.filter(of(conversion, 'conversion'))) {
          const share = Number(row[column]) / (unit === undefined ? 1_000_000_000 : 1)
          if (share !== 0) found[String(row.channel)] = (found[String(row.channel)] ?? 0) + share
        }
        expect(found, model).toEqual(wanted)
      }
    })

    test('order of the lines does not matter', () => {
      expect(tablesOf([...lines].reverse())).toEqual(tables)
    })
  })
}
