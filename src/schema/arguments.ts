import { MODEL_NAMES } from '../resolvers/choices.ts'
import { DEFAULT_LIMIT, MAX_LIMIT } from '../resolvers/lists.ts'
import { builder } from './builder.ts'

/** Longer than other text: lists of values. */
const listText = { maxLength: 8192 }

export const asOfArgs = builder.args((t) => ({
  asOf: t.field({
    type: 'AsOf',
    description: 'Answer as of an earlier run: its number, or a time. Everything below the field is read in that run.',
  }),
}))

export const timezoneArg = builder.args((t) => ({
  timezone: t.string({ defaultValue: 'UTC', description: 'Time zone of days, as IANA name: `Europe/Berlin`.' }),
}))

/** A report always has a range. */
export const reportRangeArgs = builder.args((t) => ({
  from: t.field({ type: 'DateTime', description: 'Start of the range, included. Without it: 365 days before `to`.' }),
  to: t.field({
    type: 'DateTime',
    description: 'End of the range, not included. Without it: the end of the day of the newest event.',
  }),
}))

/** A list that is paged needs none. */
export const listRangeArgs = builder.args((t) => ({
  from: t.field({ type: 'DateTime', description: 'Only rows at or after this time. Without it: from the beginning.' }),
  to: t.field({ type: 'DateTime', description: 'Only rows before this time. Without it: to the end.' }),
}))

export const limitArgs = builder.args((t) => ({
  limit: t.int({
    defaultValue: DEFAULT_LIMIT,
    description: `How many rows at most: 1 to ${MAX_LIMIT}. That there are more shows in \`extensions.tributary.truncated\`.`,
  }),
  offset: t.int({ defaultValue: 0, description: 'How many rows to leave out before.' }),
  strict: t.boolean({ defaultValue: false, description: 'Rather an error than a list cut at `limit`.' }),
}))

export const originArgs = builder.args((t) => ({
  channel: t.string({ extensions: listText, description: 'Only these channels: `Email,Paid Search`, or a JSON list.' }),
  source: t.string({ extensions: listText, description: 'Only these sources; `(none)` for rows without one.' }),
  medium: t.string({ extensions: listText, description: 'Only these media; `(none)` for rows without one.' }),
  campaign: t.string({
    extensions: listText,
    description: 'Only these campaigns; `(none)` for rows without one. A JSON list for names with a comma.',
  }),
}))

export const modelArg = builder.args((t) => ({
  model: t.string({
    defaultValue: 'LINEAR',
    description: `How a conversion is shared among its touches: ${MODEL_NAMES.join(', ')}.`,
  }),
}))
