import { openOn } from '../harness/engines.ts'
import { testProductPostgres } from './product-postgres-suite.ts'

testProductPostgres(openOn('postgres'))
