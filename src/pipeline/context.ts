import { NO_RECOMPUTE } from './recompute.ts'
import type { StageContext } from './stage.ts'

/** The context of a plain increment: new rows, no settings that changed, nothing withdrawn that is known yet. */
export const incrementContext = (of: Pick<StageContext, 'd' | 'options' | 'run' | 'startedAt'>): StageContext => ({
  ...of,
  isRebuild: false,
  readsSources: true,
  recompute: NO_RECOMPUTE,
  withdrawnRanges: [],
})
