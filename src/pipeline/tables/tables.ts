import type { TableSpec } from '../../warehouses/warehouse.ts'
import { referenceTables } from '../channels/tables.ts'
import { companies, companyMembers } from './companies.ts'
import { activity, conversionCandidates, eventLedger, events, quarantine, touchCandidates } from './events.ts'
import {
  aliases,
  aliasLinks,
  attribution,
  channelStats,
  conversions,
  credits,
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
  activity,
  aliasLinks,
  knownPairs,
  aliases,
  sessions,
  touches,
  conversions,
  credits,
  attribution,
  channelStats,
  companies,
  companyMembers,
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
