import { describe, expect, test } from 'vitest'
import { type Example, pick, tablesOf } from './build.ts'
import { testSettings } from './settings.ts'

/** Touches, their channels, and what conversions credit them with. */
export function testTouches(): void {
  const site = 'https://acme.test/'
  const page = (at: string, query = '', referrer?: string, device = 'd1'): Example => ({
    at,
    device,
    url: `${site}${query}`,
    referrer,
  })
  /** Minutes after ten and channels of the touches. */
  const channels = (examples: Example[], settings = {}) =>
    pick(tablesOf(examples, settings).touches, ['order_key', 'touched_at', 'channel']).map(
      ([, at, channel]) => `${String(at).slice(14, 16)} ${channel}`,
    )

  describe('touches', () => {
    test('a single-page app that repeats its referrer has one touch', () => {
      const google = 'https://www.google.com/'
      const examples = [page('10:00', '', google), page('10:01', 'a', google), page('10:02', 'b', google)]
      expect(channels(examples)).toEqual(['00 Organic Search'])
    })

    test('the page before is that of the same visit, and its referrer may be inside', () => {
      const partner = 'https://partner.example/'
      const other = { ...page('10:02', '', partner), user: 'u1' }
      const examples = [page('10:00'), page('10:01', '', partner), other, page('10:03', '', partner)]
      expect(channels(examples)).toEqual(['00 Direct', '01 Referral'])
      const inside = [page('10:00'), page('10:01', '', site), page('10:02', '', partner), page('10:03', '', partner)]
      expect(channels(inside)).toEqual(['00 Direct', '02 Referral'])
    })

    test('a dropped candidate is not what the next one is compared with', () => {
      // On the second device the page at 10:02 repeats Bing and is dropped; the one after it is compared with Google's.
      const examples = [
        page('10:00', '', 'https://www.bing.com/', 'd2'),
        page('10:01', '', 'https://www.google.com/', 'd1'),
        page('10:02', '', 'https://www.bing.com/', 'd2'),
        page('10:03', '?utm_source=google', undefined, 'd1'),
      ].map((example) => ({ ...example, user: 'u1' }))
      expect(channels(examples)).toEqual(['00 Organic Search', '01 Organic Search'])
    })

    test('a page is a touch when any field differs from the candidate before it', () => {
      const tagged = (at: string, more: string) => page(at, `?utm_source=google&utm_medium=cpc${more}`)
      const examples = [
        tagged('10:00', ''),
        tagged('10:01', '&utm_campaign=(not%20set)'),
        tagged('10:02', '&utm_content=A'),
        tagged('10:03', '&utm_content=a'),
        tagged('10:04', '&utm_content=a&utm_term=t'),
        page('10:05'),
        tagged('10:06', '&utm_content=a&utm_term=t'),
        page('10:07', '?utm_medium=(none)'),
      ]
      expect(channels(examples)).toEqual([
        ...['00 Paid Search', '02 Paid Search', '03 Paid Search', '04 Paid Search', '07 Direct'],
      ])
    })

    test('the entry is the first page, dated at the start of the session', () => {
      const { touches } = tablesOf([
        { at: '10:00', device: 'd1', track: 'Clicked' },
        page('10:01', '?utm_source=x&utm_medium=email', 'https://partner.example/'),
      ])
      expect(touches).toMatchObject([
        {
          touched_at: '2025-03-01T10:00:00.000000Z',
          is_entry: true,
          channel: 'Organic Social',
          source: 'x',
          page_url: `${site}?utm_source=x&utm_medium=email`,
        },
      ])
      expect(touches[0]!.order_key).not.toContain(touches[0]!.touch_id)
    })

    test.each([
      ['', undefined, 'Direct', null],
      ['', 'https://www.Partner.example/', 'Referral', 'partner.example'],
      ['?gclid=1', 'https://www.youtube.com/', 'Paid Video', 'google'],
      ['?gclid=1&utm_source=newsletter', undefined, 'Unassigned', 'newsletter'],
      ['?fbclid=1', 'https://m.facebook.com/', 'Organic Social', 'facebook'],
      ['?utm_source=l.facebook.com&utm_medium=CPC', undefined, 'Paid Social', 'facebook'],
      ['', 'https://www.google.co.uk/', 'Organic Search', 'google'],
      ['?utm_source=chatgpt.com', undefined, 'AI Assistant', 'chatgpt'],
      ['?utm_source=nowhere&utm_medium=cpm', undefined, 'Display', 'nowhere'],
      ['?utm_campaign=e-shop', undefined, 'Organic Shopping', null],
      ['?utm_campaign=workshop', undefined, 'Unassigned', null],
      ['', 'https://mail.google.com/', 'Email', 'gmail'],
    ])('%s from %s is %s', (query, referrer, channel, source) => {
      expect(tablesOf([page('10:00', query, referrer)]).touches).toMatchObject([{ channel, source }])
    })

    test('own rules come first and say what is paid', () => {
      const rules = [
        { channel: 'Never', paid: true, when: { source: [] } },
        { channel: 'Direct', paid: true, when: { source: ['FB'], landingPath: ['/LP/%'] } },
      ]
      const { touches } = tablesOf([page('10:00', 'lp/a?utm_source=facebook')], { channels: rules })
      expect(touches).toMatchObject([{ channel: 'Direct', is_paid: true, is_direct: false }])
    })
  })

  describe('credit', () => {
    const order = (at: string, revenue: string, device = 'd1'): Example => ({
      ...{ at, device, track: 'Order Completed', properties: `{"revenue":"${revenue}"}` },
    })
    const three = [page('10:00', '?utm_source=a'), page('10:01', '?utm_source=b'), page('10:02', '?utm_source=c')]

    test.each([
      ['10.00', [333, 333, 334]],
      ['-10.00', [-333, -333, -334]],
      ['0.02', [0, 0, 2]],
      ['free', [null, null, null]],
    ])('of %s the latest touch takes the remainder', (revenue, shares) => {
      const { credits } = tablesOf([...three, order('10:03', revenue)])
      expect(pick(credits, ['position', 'linear_revenue', 'linear_credit'])).toEqual([
        [1, shares[0], 333_333_333],
        [2, shares[1], 333_333_333],
        [3, shares[2], 333_333_334],
      ])
    })

    test('without a touch it is unattributed', () => {
      const server = { ...order('10:00', '5'), device: undefined, user: 'u1', library: 'http' }
      expect(tablesOf([server]).credits).toMatchObject([
        {
          touch_id: '',
          channel: 'Unattributed',
          position: 0,
          touch_count: 0,
          linear_credit: 1_000_000_000,
          last_paid_revenue: 500,
        },
      ])
    })

    test('the lookback is closed at both ends', () => {
      const purchase = { ...testSettings.conversions.purchase!, lookbackDays: 1 }
      const bought = (at: string) =>
        tablesOf([...three, order(at, '1')], { conversions: { ...testSettings.conversions, purchase } }).credits.filter(
          (credit) => credit.channel !== 'Direct',
        ).length
      expect(bought('2025-03-02T10:00:00Z')).toBe(3)
      expect(bought('2025-03-02T10:00:00.000001Z')).toBe(2)
      expect(bought('2025-03-01T10:02:00Z')).toBe(3)
      expect(bought('2025-03-01T10:01:59.999999Z')).toBe(2)
    })

    test('the signup is the first one, in the session that ended at most the gap before', () => {
      const signup = (at: string): Example => ({ at, device: 'd1', user: 'u1', track: 'SIGNED  up!', library: 'http' })
      const sessionOf = (at: string) => tablesOf([page('10:00'), signup(at), signup('12:00')]).attribution
      expect(sessionOf('10:30')).toMatchObject([{ signup_session_number: 1, session_count_before_signup: 0 }])
      expect(sessionOf('10:30:00.000001')).toMatchObject([
        { signup_session_number: null, session_count_before_signup: 1, first_touch_channel: 'Direct' },
      ])
    })

    test('a blog that was first read after the signup is not named', () => {
      const signup = { at: '10:01', device: 'd1', track: 'sign_up' }
      const blog = page('10:02', 'blog/a')
      expect(tablesOf([page('10:00'), signup, blog]).attribution).toMatchObject([{ blog_url: null }])
      expect(tablesOf([page('10:00'), signup, { ...blog, at: '10:01' }]).attribution).toMatchObject([
        { blog_url: `${site}blog/a`, first_page_ever_visited: site },
      ])
    })
  })
}
