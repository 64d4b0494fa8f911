import { openOn } from '../harness/engines.ts'
import { testBadInput } from './bad-input-suite.ts'

/** Nested deeper than BigQuery reads: refused, and told so. */
const deep = ['accepted: 10,000 lists in each other', 'accepted: 9,000 objects in each other']

testBadInput(
  openOn('bigquery'),
  Object.fromEntries(deep.map((name) => [name, 'a document of BigQuery has 500 levels'])),
)
