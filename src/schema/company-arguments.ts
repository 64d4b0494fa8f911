import { builder } from './builder.ts'

const listText = { maxLength: 8192 }

/** Which companies, and what of theirs is use. */
export const companyFilterArgs = builder.args((t) => ({
  company: t.string({ extensions: listText, description: 'Only these companies, by id: `c14,c15`.' }),
  plan: t.string({
    extensions: listText,
    description: 'Only these plans: `pro,team`; `(none)` for companies without one.',
  }),
  channel: t.string({
    extensions: listText,
    description: 'Only companies whose first touch has these channels; `(none)` for those without a touch.',
  }),
  event: t.string({
    description:
      'Only events of this name count as use: `pressed_big_button`. Without it every event of a session does.',
  }),
}))
