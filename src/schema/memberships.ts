import { companyOf } from '../resolvers/companies.ts'
import { column, maybe, reads } from './columns.ts'
import { companyColumns } from './companies.ts'
import { Company, Membership, User } from './refs.ts'
import { selectedColumns } from './selection.ts'

Membership.implement({
  description: 'An account’s membership in a company, as the product database has it.',
  fields: (t) => ({
    userId: t.id(column('user_id', 'The account.')),
    role: t.string(maybe('role', 'Role, as the product database calls it.')),
    isAdmin: t.boolean(column('is_admin', 'The role is one of `adminRoles`.')),
    firstSeenAt: t.field({ type: 'DateTime', ...column('first_seen_at', 'The copy that first saw it so.') }),
    lastSeenAt: t.field({ type: 'DateTime', ...maybe('last_seen_at', 'The last copy that did; null while it does.') }),
    sinceAt: t.field({
      type: 'DateTime',
      ...maybe(
        'since_at',
        'From when it is taken to have been so; null for always. Before `firstSeenAt` that is assumed.',
      ),
    }),
    untilAt: t.field({
      type: 'DateTime',
      ...maybe('until_at', 'The first copy that saw it otherwise; null while it holds.'),
    }),
    company: t.field({
      type: Company,
      description: 'The company.',
      ...reads(['company_id'], 'one'),
      resolve: (member, _args, context, info) => companyOf(context, member, selectedColumns(info, companyColumns)),
    }),
    user: t.field({
      type: User,
      nullable: false,
      description: 'The person; one without events has nothing below.',
      extensions: { columns: ['user_id'] },
      resolve: ({ run, row }) => ({ run, row: { person_id: row.person_id ?? row.user_id ?? null } }),
    }),
  }),
})
