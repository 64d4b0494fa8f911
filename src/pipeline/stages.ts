import { attribution } from './attribution.ts'
import { companies } from './companies.ts'
import { conversions } from './conversions.ts'
import { credits } from './credits.ts'
import { identities } from './identities.ts'
import { ingest } from './ingest.ts'
import { rollups } from './rollups.ts'
import { sessions } from './sessions.ts'
import type { Stage } from './stage.ts'
import { touches } from './touches.ts'
import { visits } from './visits.ts'

/** The stages that compute, in reading order. `publish` and `maintain` follow them. */
export const stages: readonly Stage[] = [
  ingest,
  visits,
  identities,
  sessions,
  touches,
  conversions,
  credits,
  attribution,
  companies,
  rollups,
]
