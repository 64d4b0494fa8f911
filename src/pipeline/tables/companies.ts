import { boolean, integer, nullable, text, time, versioned } from './table.ts'

/** When a state was seen in copies of the product database, and from when to when it is taken to have held. */
const history = {
  first_seen_at: time('The copy that first saw this state.'),
  last_seen_at: time('The last copy that saw it; null while the latest copy does.', nullable),
  since_at: time(
    'From when it is taken to have held: when the row was created or else its first copy; null for what the very first copy saw, which is taken to have always held.',
    nullable,
  ),
  until_at: time('The first copy that no longer saw it; null while it holds.', nullable),
}

const touchOf = (prefix: string, words: string) => ({
  [`${prefix}_at`]: time(`Time of the ${words}.`, nullable),
  [`${prefix}_channel`]: text('Its channel.', nullable),
  [`${prefix}_source`]: text('Its source.', nullable),
  [`${prefix}_medium`]: text('Its medium.', nullable),
  [`${prefix}_campaign`]: text('Its campaign.', nullable),
  [`${prefix}_referrer`]: text('Its referrer.', nullable),
})

/** Companies of the product database, each with its former states. */
export const companies = versioned({
  name: 'companies',
  row: 'company and state of it',
  description:
    'Companies copied from the product database. When a copied column changes, the former state stays as a row of its own; `is_latest` picks one row per company, which also says what its members did.',
  kind: 'output',
  key: ['company_id', 'first_seen_at'],
  clusterBy: ['company_id'],
  columns: {
    company_id: text('The company.'),
    ...history,
    is_latest: boolean('The latest state of the company, also of one that is gone (`until_at`).'),
    name: text('Name, when it is copied.', nullable),
    plan: text('Plan, as delivered.', nullable),
    is_paid: boolean('The plan is one of `paidPlans`; without those, it is known since when it pays.'),
    created_at: time('When the product database says it was created.', nullable),
    given_paid_at: time('When the product database says it began to pay.', nullable),
    dimensions: text('Other copied columns, as JSON.', nullable),
    member_count: integer('Members in the latest copy. This and what follows: 0 or null on former states.'),
    admin_count: integer('Administrators among them.'),
    first_seen_active_at: time(
      'When any of its people was first seen, members or former ones, or anybody in what names it.',
      nullable,
    ),
    last_seen_active_at: time('When any of them was last seen.', nullable),
    session_count: integer('Sessions of its people, by their entry touch.'),
    touch_count: integer('Touches of its people.'),
    signed_up_at: time('The first signup of any of them.', nullable),
    paid_at: time('When its plan became a paid one; null when it never did, or nobody knows when.', nullable),
    ...touchOf('first_touch', 'first touch of any of its people'),
    ...touchOf('last_touch', 'last touch of any of them at or before the first signup'),
    ...touchOf('paid_touch', 'last touch of any of them at or before the plan became a paid one'),
  },
})

/** Who belongs to which company, with former memberships. */
export const companyMembers = versioned({
  name: 'company_members',
  row: 'company, member and state of the membership',
  description:
    'Memberships copied from the product database, and former ones. Current are those without `until_at`; who changed the role has a row for each.',
  kind: 'output',
  key: ['company_id', 'user_id', 'first_seen_at'],
  clusterBy: ['user_id'],
  columns: {
    company_id: text('The company.'),
    user_id: text('The account, as the product database knows it; look its person up in `aliases`.'),
    ...history,
    role: text('Role, as delivered.', nullable),
    is_admin: boolean('The role is one of `adminRoles`.'),
    created_at: time('When the product database says it began.', nullable),
  },
})
