import { describe, expect, test } from 'vitest'
import { type Example, pick, tablesOf } from './build.ts'
import { testSettings } from './settings.ts'

/** Who owns what, and which sessions come of it. */
export function testPeople(): void {
  /** The persons of the sessions, in the order of time. */
  const owners = (examples: Example[], identity: Partial<typeof testSettings.identity> = {}) => {
    const settings = { identity: { ...testSettings.identity, ...identity } }
    return pick(tablesOf(examples, settings).sessions, ['started_at', 'person_id']).map(([, person]) => person)
  }

  describe('owner of an anonymous visit', () => {
    test('without users it is the device', () => {
      expect(owners([{ at: '10:00', device: 'd1' }])).toEqual(['d1'])
    })

    test('it is the next user, then the last one', () => {
      const examples = [
        { at: '08:00', device: 'd1' },
        { at: '09:00', device: 'd1', user: 'u1' },
        { at: '10:00', device: 'd1' },
        { at: '11:00', device: 'd1', user: 'u2' },
        { at: '12:00', device: 'd1' },
      ]
      expect(owners(examples)).toEqual(['u1', 'u1', 'u2', 'u2', 'u2'])
      expect(owners(examples, { sharedDevices: 'last-user' })).toEqual(['u2', 'u1', 'u2', 'u2', 'u2'])
    })

    test('a user already there keeps it, also when another one ends sooner', () => {
      const examples = [
        { at: '10:00', device: 'd1', user: 'u1' },
        { at: '10:05', device: 'd1' },
        { at: '10:10', device: 'd1', user: 'u2' },
        { at: '10:20', device: 'd1', user: 'u1' },
      ]
      expect(pick(tablesOf(examples).sessions, ['person_id', 'event_count'])).toEqual([
        ['u1', 3],
        ['u2', 1],
      ])
    })

    test('a user who ends at the instant it begins still counts, one a microsecond earlier does not', () => {
      const after = [
        { at: '10:00', device: 'd1', type: 'screen' },
        { at: '11:00', device: 'd1', user: 'u2' },
      ]
      const at = { at: '10:00', device: 'd1', user: 'u1', library: 'http' }
      expect(owners([at, ...after])).toEqual(['u1', 'u2'])
      expect(owners([{ ...at, at: '09:59:59.999999' }, ...after])).toEqual(['u2', 'u2'])
    })

    test('of two users who begin at one instant the first in the order of events is next', () => {
      const u2 = { at: '11:00', device: 'd1', user: 'u2' }
      const u1 = { at: '11:00', device: 'd1', user: 'u1', track: 'Clicked' }
      expect(owners([{ at: '10:00', device: 'd1' }, u1, u2])[0]).toBe('u2')
    })

    test('of two users who end at one instant the last in the order of events is the last one', () => {
      const u2 = { at: '09:00', device: 'd1', user: 'u2' }
      const u1 = { at: '09:00', device: 'd1', user: 'u1', track: 'Clicked' }
      expect(owners([u1, u2, { at: '10:00', device: 'd1' }]).at(-1)).toBe('u1')
    })

    test('users of servers identify a device, but open no session', () => {
      const server = { at: '11:00', device: 'd1', user: 'u1', library: 'Analytics-Node' }
      expect(owners([{ at: '10:00', device: 'd1' }, server])).toEqual(['u1'])
      expect(tablesOf([server]).sessions).toEqual([])
      expect(tablesOf([server]).people).toEqual(['u1'])
    })

    test('a device with more users than the limit owns its visits itself', () => {
      const examples = [
        { at: '08:00', device: 'd1' },
        { at: '09:00', device: 'd1', user: 'u1' },
        { at: '10:00', device: 'd1', user: 'u2' },
      ]
      expect(owners(examples, { maxUsersPerDevice: 2 })[0]).toBe('u1')
      expect(owners(examples, { maxUsersPerDevice: 1 })[0]).toBe('d1')
      expect(owners(examples, { maxUsersPerDevice: 1, sharedDevices: 'last-user' })[0]).toBe('u2')
    })

    test('a device and a user of the same name are one person', () => {
      expect(
        tablesOf([
          { at: '10:00', device: 'x' },
          { at: '10:10', device: 'd1', user: 'x' },
        ]).sessions,
      ).toHaveLength(1)
    })
  })

  describe('aliases', () => {
    test('a chain is the person who was seen first as a user', () => {
      const examples = [
        { at: '08:00', device: 'd1', user: 'u2' },
        { at: '09:00', user: 'u1', previousId: 'u2', library: 'http' },
        { at: '09:01', user: 'u3', previousId: 'u1', library: 'http' },
        { at: '09:02', user: 'u2', previousId: 'u3', library: 'http' },
        { at: '09:03', user: 'u2', previousId: 'u2', library: 'http' },
        { at: '10:00', device: 'd3', user: 'u3' },
      ]
      expect(owners(examples)).toEqual(['u2', 'u2'])
      expect(tablesOf(examples).people).toEqual(['u2'])
    })

    test('a device joins a user, unless it is shared', () => {
      const examples = [
        { at: '07:00', device: 'd1', user: 'u1' },
        { at: '08:00', device: 'd1', user: 'u2' },
        { at: '09:00', device: 'd1' },
        { at: '10:00', user: 'u3', previousId: 'd1' },
      ]
      expect(tablesOf([examples[2]!, examples[3]!]).people).toEqual(['u3'])
      expect(owners(examples, { maxUsersPerDevice: 1 })).toEqual(['u1', 'u2', 'd1'])
    })

    test('an excluded alias links nothing', () => {
      const examples = [
        { at: '08:00', user: 'u1' },
        { at: '09:00', user: 'u2', previousId: 'u1', userAgent: 'a bot' },
        { at: '10:00', user: 'u2' },
      ]
      expect(tablesOf(examples).people).toEqual(['u1', 'u2'])
    })

    test('rows of pairs and aliases', () => {
      const { aliases, known_pairs } = tablesOf([
        { at: '09:00', device: 'd1', user: 'u1' },
        { at: '11:00', device: 'd1', user: 'u2' },
        { at: '11:10', device: 'd1', user: 'u2' },
        { at: '12:00', device: 'd1' },
        { at: '13:00', user: 'u1' },
      ])
      const clock = (text: unknown) => String(text).slice(11, 16)
      expect(known_pairs.map((p) => [p.user_id, clock(p.first_seen_at), clock(p.last_seen_at)])).toEqual([
        ['u1', '09:00', '09:00'],
        ['u2', '11:00', '11:10'],
      ])
      expect(
        aliases.map((a) => [
          a.id,
          a.person_id,
          clock(a.first_seen_at),
          clock(a.last_seen_at),
          a.is_user_id,
          a.is_latest,
        ]),
      ).toEqual([
        ['d1', 'u1', '09:00', '09:00', false, false],
        ['d1', 'u2', '11:00', '12:00', false, true],
        ['u1', 'u1', '09:00', '13:00', true, true],
        ['u2', 'u2', '11:00', '11:10', true, true],
      ])
    })
  })

  describe('sessions', () => {
    test.each([
      ['10:30:00', 1],
      ['10:30:00.000001', 2],
    ])('a page at 10:00 and one at %s are %i', (at, count) => {
      expect(
        tablesOf([
          { at: '10:00', device: 'd1' },
          { at, device: 'd1' },
        ]).sessions,
      ).toHaveLength(count)
    })

    test('devices of one person share a session, over midnight and the end of a month', () => {
      const { sessions } = tablesOf([
        {
          at: '2025-02-28T23:50:00Z',
          device: 'd1',
          user: 'u1',
          url: 'https://acme.test/a',
          referrer: 'https://acme.test/',
        },
        { at: '2025-03-01T00:15:00Z', device: 'd2', user: 'u1', track: 'Signed Up' },
        { at: '2025-03-01T00:40:00Z', device: 'd2', user: 'u1', url: 'https://acme.test/b' },
      ])
      expect(sessions).toMatchObject([
        {
          started_at: '2025-02-28T23:50:00.000000Z',
          ended_at: '2025-03-01T00:40:00.000000Z',
          event_count: 3,
          page_count: 2,
          device_count: 2,
          landing_page: 'https://acme.test/a',
          referrer: 'https://acme.test/',
          touch_count: 1,
          is_signup_session: true,
        },
      ])
    })
  })
}
