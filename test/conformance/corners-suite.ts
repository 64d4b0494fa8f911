import { afterAll, beforeAll, describe, test } from 'vitest'
import type { PipelineOptions } from '../../src/pipeline/options.ts'
import type { Warehouse } from '../../src/warehouses/warehouse.ts'
import { run } from '../harness/pipeline.ts'
import { testSettings } from '../oracle/settings.ts'
import { checkStream } from './check-stream.ts'

let number = 0
const message = (at: string, more: Record<string, unknown>) =>
  JSON.stringify({ messageId: `c${++number}`, anonymousId: 'd1', timestamp: at, receivedAt: at, ...more })
const page = (at: string, url = 'https://www.acme.test/', more: Record<string, unknown> = {}) =>
  message(at, { type: 'page', context: { page: { url, referrer: '' } }, ...more })
const order = (at: string, more: Record<string, unknown> = {}) =>
  message(at, { type: 'track', event: 'Order Completed', userId: 'u1', properties: { revenue: '10' }, ...more })

/** Streams by hand for corners that random ones seldom reach, each against the oracle and a rebuild. */
export function testCorners(open: () => Promise<Warehouse>): void {
  describe('corners', () => {
    let warehouse: Warehouse
    beforeAll(async () => {
      warehouse = await open()
      await run(warehouse, testSettings, 'rebuild') // makes the tables
    })
    afterAll(() => warehouse.close())

    const corners: Record<string, { runs: string[][]; settings?: Partial<PipelineOptions> }> = {
      'a touch exactly as old as the lookback counts, one microsecond older does not': {
        runs: [
          [page('2025-01-01T00:00:00Z', 'https://www.acme.test/?utm_source=google&utm_medium=cpc')],
          [page('2024-12-31T23:00:00Z', 'https://www.acme.test/?utm_source=news&utm_medium=email')],
          [order('2025-04-01T00:00:00Z'), order('2025-04-01T00:00:00.000001Z')],
        ],
      },
      'copies exactly a horizon apart are one message': {
        runs: [
          [page('2025-01-01T00:00:00Z', undefined, { messageId: 'x', receivedAt: '2025-01-01T00:00:00Z' })],
          [page('2025-01-01T00:00:00Z', undefined, { messageId: 'x', receivedAt: '2025-02-05T00:00:00Z' })],
        ],
      },
      'a bridge of copies, the last first': {
        runs: [
          [
            page('2025-01-03T00:00:00Z', 'https://www.acme.test/3', {
              messageId: 'y',
              receivedAt: '2025-02-20T00:00:00Z',
            }),
          ],
          [
            page('2025-01-02T00:00:00Z', 'https://www.acme.test/2', {
              messageId: 'y',
              receivedAt: '2025-01-25T00:00:00Z',
            }),
          ],
          [
            page('2025-01-01T00:00:00Z', 'https://www.acme.test/1', {
              messageId: 'y',
              receivedAt: '2025-01-01T00:00:00Z',
            }),
          ],
        ],
      },
      'a better copy takes an event out of the middle of a visit, which splits': {
        runs: [
          [
            page('2025-01-01T10:00:00Z'),
            page('2025-01-01T10:29:00Z', 'https://www.acme.test/?utm_source=a&utm_medium=email', {
              messageId: 'z',
              receivedAt: '2025-01-01T12:00:00Z',
            }),
            page('2025-01-01T10:58:00Z'),
            order('2025-01-01T10:59:00Z'),
          ],
          [
            page('2025-01-05T10:29:00Z', undefined, {
              messageId: 'z',
              anonymousId: 'd2',
              receivedAt: '2025-01-01T11:00:00Z',
            }),
          ],
        ],
      },
      'a chain of aliases that a late link joins, and a better copy that unlinks them': {
        runs: [
          [
            ...['a', 'b', 'c', 'd', 'e'].map((u, i) =>
              page(`2025-01-0${i + 1}T00:00:00Z`, undefined, { anonymousId: `dev-${u}`, userId: u }),
            ),
            message('2025-01-10T00:00:00Z', { type: 'alias', previousId: 'a', userId: 'b' }),
            message('2025-01-11T00:00:00Z', { type: 'alias', previousId: 'c', userId: 'd' }),
            message('2025-01-12T00:00:00Z', { type: 'alias', previousId: 'd', userId: 'e' }),
          ],
          [
            message('2025-01-09T00:00:00Z', {
              type: 'alias',
              messageId: 'link',
              previousId: 'b',
              userId: 'c',
              receivedAt: '2025-01-09T05:00:00Z',
            }),
          ],
          [
            message('2025-01-09T00:00:00Z', {
              type: 'identify',
              messageId: 'link',
              userId: 'c',
              receivedAt: '2025-01-09T04:00:00Z',
            }),
          ],
        ],
      },
      'a device becomes shared, and its alias links nothing any more': {
        runs: [
          [
            page('2025-01-01T00:00:00Z'),
            message('2025-01-02T00:00:00Z', { type: 'alias', previousId: 'd1', userId: 'u1', anonymousId: 'd9' }),
            page('2025-01-03T00:00:00Z', undefined, { anonymousId: 'd9', userId: 'u1' }),
          ],
          ['u2', 'u3', 'u4'].map((userId, i) => page(`2025-01-0${i + 4}T00:00:00Z`, undefined, { userId })),
        ],
        settings: { identity: { ...testSettings.identity, maxUsersPerDevice: 2 } },
      },
      'a late event exactly the gap before or after a visit joins it, a microsecond more does not': {
        runs: [
          ['d1', 'd2', 'd3', 'd4'].map((anonymousId) => page('2025-01-01T10:30:00Z', undefined, { anonymousId })),
          [
            page('2025-01-01T10:00:00Z', undefined, { anonymousId: 'd1' }),
            page('2025-01-01T11:00:00Z', undefined, { anonymousId: 'd2' }),
            page('2025-01-01T09:59:59.999999Z', undefined, { anonymousId: 'd3' }),
            page('2025-01-01T11:00:00.000001Z', undefined, { anonymousId: 'd4' }),
          ],
        ],
      },
      'a conversion exactly the gap after a session is in it, a microsecond later in none': {
        runs: [
          [
            page('2025-01-01T10:00:00Z', undefined, { userId: 'u1' }),
            order('2025-01-01T10:30:00Z', { anonymousId: null }),
            order('2025-01-01T10:30:00.000001Z', { anonymousId: null }),
          ],
        ],
      },
      'a page that repeats the referrer of a paid arrival is no touch': {
        runs: [
          ['https://www.acme.test/?utm_source=google&utm_medium=cpc', 'https://www.acme.test/b'].map((url, i) =>
            page(`2025-01-01T10:0${i}:00Z`, undefined, {
              context: { page: { url, referrer: 'https://www.google.com/' } },
            }),
          ),
        ],
      },
      'an inside page between two arrivals with one referrer': {
        runs: [
          [
            page('2025-01-01T10:00:00Z', 'https://www.acme.test/?utm_source=linkedin&utm_medium=cpc', {
              context: {
                page: {
                  url: 'https://www.acme.test/?utm_source=linkedin&utm_medium=cpc',
                  referrer: 'https://www.linkedin.com/',
                },
              },
            }),
            page('2025-01-01T10:10:00Z', '', {
              context: { page: { url: 'https://www.acme.test/b', referrer: 'https://www.linkedin.com/' } },
            }),
          ],
          [
            page('2025-01-01T10:05:00Z', '', {
              context: { page: { url: 'https://www.acme.test/c', referrer: 'https://www.acme.test/' } },
            }),
          ],
        ],
      },
    }

    test.each(Object.entries(corners))('%s', async (_name, { runs, settings }) => {
      // Each list is a run of one file.
      await checkStream(warehouse, { runs: runs.map((lines) => [lines.join('\n')]), settings: settings ?? {} })
    })
  })
}
