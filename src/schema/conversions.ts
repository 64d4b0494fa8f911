import type { Node } from '../resolvers/context.ts'
import { conversionsPage, creditsOf } from '../resolvers/conversions.ts'
import { majorUnits, share } from '../resolvers/money.ts'
import { sessionOf } from '../resolvers/sessions.ts'
import { touchOf } from '../resolvers/touches.ts'
import { asOfArgs, listRangeArgs, modelArg, timezoneArg } from './arguments.ts'
import { builder } from './builder.ts'
import { column, maybe, reads } from './columns.ts'
import { Conversion, ConversionConnection, Session, Touch, User } from './refs.ts'
import { selectedColumns } from './selection.ts'
import { sessionColumns } from './sessions.ts'
import { touchColumns } from './touches.ts'

/** All columns of the type, for a selection that cannot be read. */
export const conversionColumns = [
  'conversion_id',
  'conversion',
  'person_id',
  'session_id',
  'converted_at',
  'value',
  'currency',
  'value_problem',
]

const creditColumns = [
  'touch_id',
  'touched_at',
  'channel',
  'source',
  'medium',
  'campaign',
  'position',
  'credit',
  'revenue',
  'currency',
]

const Credit = builder.objectRef<Node>('Credit').implement({
  description: 'The share of a conversion that a model gives to one touch. The shares of a conversion add up to 1.',
  fields: (t) => ({
    share: t.float({
      nullable: false,
      description: 'The share, from 0 to 1.',
      extensions: { columns: ['credit'] },
      resolve: ({ row }) => share(row.credit),
    }),
    revenue: t.float({
      description: 'The share of the value, in the currency of the conversion; null without a value.',
      extensions: { columns: ['revenue', 'currency'] },
      resolve: ({ row }) => majorUnits(row.revenue, row.currency),
    }),
    position: t.int(column('position', 'Place of the touch among those considered, from 1; 0 for `Unattributed`.')),
    at: t.field({
      type: 'DateTime',
      ...column('touched_at', 'When the touch happened; the time of the conversion for `Unattributed`.'),
    }),
    channel: t.string(column('channel', 'Channel of the touch; `Unattributed` for a conversion without one.')),
    source: t.string(maybe('source', 'Source of the touch.')),
    medium: t.string(maybe('medium', 'Medium of the touch.')),
    campaign: t.string(maybe('campaign', 'Campaign of the touch.')),
    touch: t.field({
      type: Touch,
      description: 'The touch; null for `Unattributed`.',
      ...reads(['touch_id', 'person_id'], 'one'),
      resolve: (credit, _args, context, info) => touchOf(context, credit, selectedColumns(info, touchColumns)),
    }),
  }),
})

Conversion.implement({
  description: 'Something worth crediting that a person did: a signup, an order.',
  fields: (t) => ({
    id: t.id(column('conversion_id', 'Key of the conversion.')),
    name: t.string(column('conversion', 'Its name in the configuration; `signup` always exists.')),
    at: t.field({ type: 'DateTime', ...column('converted_at', 'When it happened.') }),
    value: t.float({
      description: 'What it was worth, in units of the currency: 19.99. Null without a value.',
      extensions: { columns: ['value', 'currency'] },
      resolve: ({ row }) => majorUnits(row.value, row.currency),
    }),
    currency: t.string(maybe('currency', 'ISO 4217 code of the value.')),
    valueProblem: t.string(maybe('value_problem', 'Why a delivered value could not be used.')),
    user: t.field({
      type: User,
      nullable: false,
      description: 'Whose conversion it is.',
      extensions: { columns: ['person_id'] },
      resolve: ({ run, row }) => ({ run, row: { person_id: row.person_id ?? null } }),
    }),
    session: t.field({
      type: Session,
      description: 'The session it happened in, or shortly after; null when there was none.',
      ...reads(['session_id', 'person_id'], 'one'),
      resolve: (conversion, _args, context, info) =>
        sessionOf(context, conversion, selectedColumns(info, sessionColumns)),
    }),
    credits: t.field({
      type: [Credit],
      nullable: false,
      description: 'Which touches are credited, in their order. Touches without a share are left out.',
      args: {
        ...modelArg,
        limit: t.arg.int({ defaultValue: 100, description: 'How many at most: 1 to 1000.' }),
      },
      ...reads(['conversion_id', 'person_id'], 'list'),
      resolve: async (conversion, { model, limit }, context, info) => [
        ...(await creditsOf(
          context,
          conversion,
          { model: model ?? 'LINEAR', limit: limit ?? 100 },
          selectedColumns(info, creditColumns),
        )),
      ],
    }),
  }),
})

builder.queryField('conversions', (t) =>
  t.connection(
    {
      type: Conversion,
      nullable: false,
      description: 'Conversions by time, the earliest first. `last` gives the newest.',
      args: {
        conversion: t.arg.string({ description: 'Only conversions of this name, as configured: `signup`.' }),
        ...listRangeArgs,
        ...timezoneArg,
        ...asOfArgs,
      },
      ...reads([], 'page'),
      resolve: (_root, args, context, info) =>
        conversionsPage(context, args, selectedColumns(info, conversionColumns, ['edges', 'node'])),
    },
    ConversionConnection,
  ),
)
