import { openOn } from '../harness/engines.ts'
import { testBadInput } from './bad-input-suite.ts'

/** Their lines are longer than the largest text of Redshift (65,535 bytes): refused, and told so. */
const long = [
  'accepted: properties of 70 KB',
  'accepted: traits of 1 MB',
  'accepted: https://acme.test/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…',
  'accepted: https://acme.test/?utm_source=%41%41%41%41%41%41%41%41%41%41…',
  'a line of 20 MB, good or bad',
  'names of 1 MB, and ids as long as an index can hold; longer ones are refused',
  'beside 70 KB: taken, or null with a reason, never lost in silence',
  'beside 1 MB: taken, or null with a reason, never lost in silence',
]

testBadInput(openOn('redshift'), Object.fromEntries(long.map((name) => [name, 'a text of Redshift has 65,535 bytes'])))
