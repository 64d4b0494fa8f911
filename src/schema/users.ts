import { attributionOf } from '../resolvers/attribution.ts'
import { membershipsOfPerson } from '../resolvers/companies.ts'
import { conversionsOfPerson } from '../resolvers/conversions.ts'
import { sessionsOfPerson } from '../resolvers/sessions.ts'
import { touchesOfPerson } from '../resolvers/touches.ts'
import { idsOfPerson, seenAt, userById, usersPage } from '../resolvers/users.ts'
import { asOfArgs, listRangeArgs, timezoneArg } from './arguments.ts'
import { Attribution, attributionColumns } from './attribution.ts'
import { builder } from './builder.ts'
import { column, reads } from './columns.ts'
import { conversionColumns } from './conversions.ts'
import {
  Conversion,
  ConversionConnection,
  Membership,
  Session,
  SessionConnection,
  Touch,
  TouchConnection,
  User,
  UserConnection,
} from './refs.ts'
import { selectedColumns } from './selection.ts'
import { sessionColumns } from './sessions.ts'
import { touchColumns } from './touches.ts'

const idLimit = { defaultValue: 100, description: 'How many at most: 1 to 250.' }
const ofPerson = (statements = 1) => reads(['person_id'], 'page', statements)
const rows = ['edges', 'node']

User.implement({
  description: 'A person: everything known to come from one human, on all devices.',
  fields: (t) => ({
    id: t.id(column('person_id', 'The person: a user id when one is known, else the anonymous id.')),
    anonymousIds: t.stringList({
      description: 'Devices and browsers of the person, those seen first first.',
      nullable: false,
      args: { limit: t.arg.int(idLimit) },
      ...reads(['person_id'], 'one'),
      resolve: async (user, args, context) => [
        ...(await idsOfPerson(context, user, 'is_anonymous_id', args.limit ?? 100)),
      ],
    }),
    userIds: t.stringList({
      description: 'Accounts of the person in the product, those seen first first.',
      nullable: false,
      args: { limit: t.arg.int(idLimit) },
      ...reads(['person_id'], 'one'),
      resolve: async (user, args, context) => [...(await idsOfPerson(context, user, 'is_user_id', args.limit ?? 100))],
    }),
    firstSeenAt: t.field({
      type: 'DateTime',
      description: 'Time of the first event.',
      ...reads(['person_id'], 'one'),
      resolve: async (user, _args, context) => (await seenAt(context, user))?.first_seen_at as string,
    }),
    lastSeenAt: t.field({
      type: 'DateTime',
      description: 'Time of the last event.',
      ...reads(['person_id'], 'one'),
      resolve: async (user, _args, context) => (await seenAt(context, user))?.last_seen_at as string,
    }),
    attribution: t.field({
      type: Attribution,
      nullable: false,
      description: 'Where the person came from. Before a signup: the same so far.',
      ...reads(['person_id'], 'one', 2),
      resolve: (user, _args, context, info) => attributionOf(context, user, selectedColumns(info, attributionColumns)),
    }),
    sessions: t.connection(
      {
        type: Session,
        description: 'Sessions of the person, the first first.',
        ...ofPerson(),
        resolve: (user, args, context, info) =>
          sessionsOfPerson(context, user, args, selectedColumns(info, sessionColumns, rows)),
      },
      SessionConnection,
    ),
    touches: t.connection(
      {
        type: Touch,
        description: 'Touches of the person, the first first.',
        ...ofPerson(),
        resolve: (user, args, context, info) =>
          touchesOfPerson(context, user, args, selectedColumns(info, touchColumns, rows)),
      },
      TouchConnection,
    ),
    companies: t.field({
      type: [Membership],
      nullable: false,
      description: 'Companies the person is a member of, with all their accounts. Needs the scope `people`.',
      args: {
        includeFormer: t.arg.boolean({ defaultValue: false, description: 'Also memberships and roles that are over.' }),
      },
      ...reads(['person_id'], 'one'),
      resolve: async (user, { includeFormer }, context) => [
        ...(await membershipsOfPerson(context, user, includeFormer ?? false)),
      ],
    }),
    conversions: t.connection(
      {
        type: Conversion,
        description: 'Conversions of the person, the first first.',
        ...ofPerson(),
        resolve: (user, args, context, info) =>
          conversionsOfPerson(context, user, args, selectedColumns(info, conversionColumns, rows)),
      },
      ConversionConnection,
    ),
  }),
})

builder.queryFields((t) => ({
  user: t.field({
    type: User,
    description: 'The person that an id belongs to; null when the id was never seen.',
    args: {
      id: t.arg.id({ required: true, description: 'A user id, person id or anonymous id.' }),
      ...asOfArgs,
    },
    ...reads([], 'one'),
    resolve: (_root, args, context) => userById(context, { ...args, id: String(args.id) }),
  }),
  users: t.connection(
    {
      type: User,
      nullable: false,
      description: 'People by when they were first seen, the earliest first. `last` gives the newest.',
      args: { ...listRangeArgs, ...timezoneArg, ...asOfArgs },
      ...reads([], 'page'),
      resolve: (_root, args, context) => usersPage(context, args, ['last_seen_at']),
    },
    UserConnection,
  ),
}))
