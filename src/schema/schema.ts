import { builder } from './builder.ts'
import './scalars.ts'
import './users.ts'
import './user-rows.ts'
import './sessions.ts'
import './touches.ts'
import './conversions.ts'
import './channel-stats.ts'
import './companies.ts'
import './memberships.ts'
import './company-metrics.ts'
import './company-rows.ts'
import './runs.ts'

/** The graph. */
export const schema = builder.toSchema()
