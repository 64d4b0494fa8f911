import type { TableSpec } from '../../warehouses/warehouse.ts'
import { referenceTables } from '../channels/tables.ts'
import { activityHours, conversionCandidates, eventLedger, events, quarantine, touchCandidates } from './events.ts'
import {
  aliases,
  aliasLinks,
  attribution,
  channelStats,
  conversions,
  credits,
  identityMembers,
  knownPairs,
  sessions,
  touches,
  visits,
} from './people.ts'
import {
  lease,
  releases,
  runSources,
  runStages,
  runs,
  sourceColumns,
  stageFingerprints,
  userAgents,
  watermarks,
} from './records.ts'
import { adSpend } from './spend.ts'

/** Every table tributary keeps, in reading order. docs/tables.md is printed from this list. */
export const tables: readonly TableSpec[] = [
  events,
  eventLedger,
  quarantine,
  visits,
  touchCandidates,
  conversionCandidates,
  activityHours,
  aliasLinks,
  identityMembers,
  knownPairs,
  aliases,
  sessions,
  touches,
  conversions,
  credits,
  attribution,
  channelStats,
  adSpend,
  runs,
  runStages,
  runSources,
  watermarks,
  releases,
  sourceColumns,
  stageFingerprints,
  lease,
  userAgents,
  ...referenceTables,
]

/** The versioned ones: readers see them as of a run. */
export const versionedTables: readonly TableSpec[] = tables.filter((t) => t.versioned)
