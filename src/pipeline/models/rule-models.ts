import { type Sql, sql } from '../../warehouses/sql.ts'
import type { RuleModel } from '../tables/people.ts'

/** Credit is an integer number of billionths. */
export const WHOLE = 1_000_000_000

/**
 * A rule model as SQL over one row per (conversion, eligible touch).
 *
 * The row has `position` (1 … `touch_count`, in the order of touches), and per conversion the positions of the first
 * and last non-direct and paid touch (`first_non_direct`, `last_non_direct`, `first_paid`, `last_paid`, null when none).
 */
export type Model =
  /** All credit to the touch at this position. */
  | { readonly kind: 'single'; readonly position: Sql }
  /** The same to each; what whole billionths leave over goes to the latest. */
  | { readonly kind: 'equal' }

/** Formulas and fallbacks: DESIGN section 4, "Models". Every model gives a conversion with touches exactly one whole. */
export const ruleModels: Readonly<Record<RuleModel, Model>> = {
  first_touch: { kind: 'single', position: sql`1` },
  last_touch: { kind: 'single', position: sql`touch_count` },
  last_non_direct: { kind: 'single', position: sql`coalesce(last_non_direct, touch_count)` },
  first_paid: { kind: 'single', position: sql`coalesce(first_paid, first_non_direct, 1)` },
  last_paid: { kind: 'single', position: sql`coalesce(last_paid, last_non_direct, touch_count)` },
  linear: { kind: 'equal' },
}
