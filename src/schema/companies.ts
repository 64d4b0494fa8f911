import { channelStats } from '../resolvers/channel-stats.ts'
import {
  companiesPage,
  companyById,
  conversionsOfCompany,
  membersOfCompany,
  statesOfCompany,
  touchesOfCompany,
  usageOfCompany,
} from '../resolvers/companies.ts'
import { asOfArgs, modelArg, reportRangeArgs, timezoneArg } from './arguments.ts'
import { AttributionTouch } from './attribution.ts'
import { builder } from './builder.ts'
import { ChannelStats } from './channel-stats.ts'
import { column, maybe, reads } from './columns.ts'
import { CompanyConversion, CompanyDimension, CompanyState, CompanyUsage } from './company-parts.ts'
import { Company, CompanyConnection, Membership, MembershipConnection, Touch, TouchConnection } from './refs.ts'
import { selectedColumns } from './selection.ts'
import { touchColumns } from './touches.ts'

const TOUCHES = ['first_touch', 'last_touch', 'paid_touch'] as const

const memberColumns = [
  'company_id',
  'user_id',
  'role',
  'is_admin',
  'first_seen_at',
  'last_seen_at',
  'since_at',
  'until_at',
]

/** All columns of the type, for a selection that cannot be read. */
export const companyColumns = [
  ...['company_id', 'name', 'plan', 'is_paid', 'created_at', 'until_at', 'dimensions', 'member_count', 'admin_count'],
  ...['first_seen_active_at', 'last_seen_active_at', 'session_count', 'touch_count', 'signed_up_at', 'paid_at'],
  ...TOUCHES.flatMap((t) => ['at', 'channel', 'source', 'medium', 'campaign', 'referrer'].map((f) => `${t}_${f}`)),
]

const usageEventArg = builder.args((t) => ({
  event: t.string({
    description:
      'Only events of this name count as use: `pressed_big_button`. Without it every event of a session does.',
  }),
}))

Company.implement({
  description:
    'A company of the product database: what it is, and what its people did. Somebody in two companies counts in both.',
  fields: (t) => {
    const time = (name: string, description: string) => t.field({ type: 'DateTime', ...maybe(name, description) })
    const touch = (name: (typeof TOUCHES)[number], description: string) =>
      t.field({
        type: AttributionTouch,
        description,
        extensions: { prefix: `${name}_`, columns: [`${name}_at`] },
        resolve: ({ run, row }) => {
          const own = Object.entries(row).filter(([key]) => key.startsWith(`${name}_`))
          const fields = Object.fromEntries(own.map(([key, value]) => [key.slice(name.length + 1), value]))
          return fields.at == null ? null : { run, row: fields }
        },
      })
    return {
      id: t.id(column('company_id', 'The company.')),
      name: t.string(maybe('name', 'Its name, when that is copied.')),
      plan: t.string(maybe('plan', 'Its plan.')),
      isPaid: t.boolean(
        column('is_paid', 'The plan is one of `paidPlans`; without those, it is known since when it pays.'),
      ),
      createdAt: time('created_at', 'When the product database says it was created.'),
      goneAt: time('until_at', 'The copy that had it no more; null while it is there.'),
      dimensions: t.field({
        type: [CompanyDimension],
        nullable: false,
        description: 'Other copied columns, by name.',
        extensions: { columns: ['dimensions'] },
        resolve: ({ row }) =>
          Object.entries(JSON.parse(String(row.dimensions ?? '{}')) as Record<string, string | null>).map(
            ([name, value]) => ({ name, value }),
          ),
      }),
      memberCount: t.int(column('member_count', 'Members in the latest copy.')),
      adminCount: t.int(column('admin_count', 'Administrators among them.')),
      firstSeenAt: time('first_seen_active_at', 'When any of its people was first seen.'),
      lastSeenAt: time('last_seen_active_at', 'When any of them was last seen.'),
      sessionCount: t.int(column('session_count', 'Sessions of its people.')),
      touchCount: t.int(column('touch_count', 'Touches of its people.')),
      signedUpAt: time('signed_up_at', 'The first signup of any of them.'),
      paidAt: time('paid_at', 'When its plan became a paid one; null when it never did, or nobody knows when.'),
      firstTouch: touch('first_touch', 'The first touch of any of its people.'),
      lastTouch: touch('last_touch', 'The last touch of any of them at or before the first signup.'),
      paidTouch: touch('paid_touch', 'The last touch of any of them at or before the plan became a paid one.'),
      history: t.field({
        type: [CompanyState],
        nullable: false,
        description: 'What copies saw of it, the first first.',
        ...reads(['company_id'], 'one'),
        resolve: async (company, _args, context) => [...(await statesOfCompany(context, company))],
      }),
      usage: t.field({
        type: CompanyUsage,
        nullable: false,
        description: 'How it used the product on the days of a range.',
        args: { ...reportRangeArgs, ...timezoneArg, ...usageEventArg },
        ...reads(['company_id'], 'one'),
        resolve: (company, args, context) => usageOfCompany(context, company, args),
      }),
      conversions: t.field({
        type: [CompanyConversion],
        nullable: false,
        description: 'What it converted, by conversion and currency.',
        args: { limit: t.arg.int({ defaultValue: 50, description: 'How many rows at most: 1 to 250.' }) },
        ...reads(['company_id'], 'one'),
        resolve: async (company, { limit }, context) => [
          ...(await conversionsOfCompany(context, company, limit ?? 50)),
        ],
      }),
      channelStats: t.field({
        type: [ChannelStats],
        nullable: false,
        description:
          'Credit per channel with the company as the unit: the touches of all its people compete for each conversion.',
        args: {
          ...reportRangeArgs,
          ...timezoneArg,
          ...modelArg,
          by: t.arg.string({
            defaultValue: 'channel',
            description: 'What to tell apart, with commas between: channel, source, medium, campaign, currency.',
          }),
          conversion: t.arg.string({
            defaultValue: 'signup',
            description: 'Which conversion to credit; `paid_plan`: its plan became a paid one.',
          }),
          dateBy: t.arg.string({
            defaultValue: 'conversion',
            description: 'The day of credit: that of the `conversion`, or of the credited `touch`.',
          }),
          currency: t.arg.string({ description: 'Revenue of this currency (ISO 4217).' }),
        },
        ...reads(['company_id'], 'list', 2),
        resolve: async ({ run, row }, { by, model, conversion, dateBy, ...args }, context, info) => {
          const chosen = {
            by: by ?? 'channel',
            model: model ?? 'LINEAR',
            conversion: conversion ?? 'signup',
            dateBy: dateBy ?? 'conversion',
          }
          const all = {
            ...args,
            ...chosen,
            granularity: 'none',
            company: String(row.company_id),
            asOf: { run: run.run_id },
          }
          return [...(await channelStats(context, all, selectedColumns(info, ['people', 'revenue'])))]
        },
      }),
      members: t.connection(
        {
          type: Membership,
          description: 'Its members in the latest copy, by account. Needs the scope `people`.',
          args: {
            includeFormer: t.arg.boolean({
              defaultValue: false,
              description: 'Also memberships and roles that are over, the first first.',
            }),
          },
          ...reads(['company_id'], 'page'),
          resolve: (company, args, context, info) =>
            membersOfCompany(context, company, args, selectedColumns(info, memberColumns, ['edges', 'node'])),
        },
        MembershipConnection,
      ),
      touches: t.connection(
        {
          type: Touch,
          description: 'Touches of all its people, the first first. Needs the scope `people`.',
          ...reads(['company_id'], 'page'),
          resolve: (company, args, context, info) =>
            touchesOfCompany(context, company, args, selectedColumns(info, touchColumns, ['edges', 'node'])),
        },
        TouchConnection,
      ),
    }
  },
})

builder.queryFields((t) => ({
  company: t.field({
    type: Company,
    description: 'A company by its id, also one that is gone; null when no copy had it.',
    args: { id: t.arg.id({ required: true, description: 'Its id in the product database.' }), ...asOfArgs },
    ...reads([], 'one'),
    resolve: (_root, args, context, info) =>
      companyById(context, { ...args, id: String(args.id) }, selectedColumns(info, companyColumns)),
  }),
  companies: t.connection(
    {
      type: Company,
      nullable: false,
      description: 'Companies by id.',
      args: {
        includeGone: t.arg.boolean({
          defaultValue: false,
          description: 'Also those that the latest copy has no more.',
        }),
        ...asOfArgs,
      },
      ...reads([], 'page'),
      resolve: (_root, args, context, info) =>
        companiesPage(context, args, selectedColumns(info, companyColumns, ['edges', 'node'])),
    },
    CompanyConnection,
  ),
}))
