import { expect, it } from 'vitest'
import { likelyMeant } from './names.ts'

const names = [
  'Approval Given',
  'signed_up_v2',
  'Signup Started',
  'Completed Order',
  'Order Refunded',
  'Trial Started',
  'x',
]

it.each([
  ['Signed Up', 'signed_up_v2'],
  ['sign up', 'Signup Started'],
  ['Order Completed', 'Completed Order'],
  ['orderRefund', 'Order Refunded'],
  ['Trail Started', 'Trial Started'],
])('%s is probably %s', (word, meant) => expect(likelyMeant(word, names)[0]).toBe(meant))

it.each(['Invoice Paid', 'y', '購入'])('%s is like none', (word) => expect(likelyMeant(word, names)).toEqual([]))
