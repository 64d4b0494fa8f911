import { expect, test } from 'vitest'
import { joinRanges } from '../../src/pipeline/ranges.ts'

const day = (from: number, to = from) => ({
  from: `2025-01-${String(from).padStart(2, '0')}T00:00:00.000000Z`,
  to: `2025-01-${String(to).padStart(2, '0')}T00:00:00.000001Z`,
})

test('ranges that overlap or touch are one', () => {
  expect(joinRanges([day(1, 3), day(2), day(3, 4), day(6)], 9)).toEqual([day(1, 4), day(6)])
  expect(joinRanges([], 9)).toEqual([])
})

test('of too many those with the smallest gaps between them are joined', () => {
  const ranges = [day(1), day(2), day(10), day(12), day(30)]
  expect(joinRanges(ranges, 5)).toEqual(ranges)
  expect(joinRanges(ranges, 3)).toEqual([day(1, 2), day(10, 12), day(30)])
  expect(joinRanges(ranges, 2)).toEqual([day(1, 12), day(30)])
  expect(joinRanges(ranges, 1)).toEqual([day(1, 30)])
})
