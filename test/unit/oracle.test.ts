import { testHandWorked } from '../oracle/hand-worked-suite.ts'
import { testLines } from '../oracle/lines-suite.ts'
import { testPeople } from '../oracle/people-suite.ts'
import { testStreams } from '../oracle/streams-suite.ts'
import { testTouches } from '../oracle/touches-suite.ts'

// The oracle itself, against answers worked out by hand.
testHandWorked()
testLines()
testPeople()
testTouches()
testStreams()
