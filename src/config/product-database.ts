import { isAbsolute, resolve } from 'node:path'
import { z } from 'zod'
import type { CompanyOptions, ProductSource } from '../pipeline/options.ts'
import { defaults } from './defaults.ts'
import * as is from './leaves.ts'
import { ENCODE, isPostgresAddress } from './postgres-address.ts'

const columnName = is.text('the name of a column', (v) => /^[^"'`\\\s]([^"'`\\]{0,61}[^"'`\\\s])?$/.test(v))
const table = is.text('the name of a table or file', (v) => /^[^"'`\\]{1,200}$/.test(v) && !v.includes('..'))
/** The API names them in `by`. */
const dimension = is.text('the name of a column of letters, digits and _', (v) =>
  /^[A-Za-z_][A-Za-z0-9_]{0,62}$/.test(v),
)
const word = is.text('a word')

const companies = is.object({
  table,
  id: columnName,
  name: columnName.optional(),
  plan: columnName.optional(),
  createdAt: columnName.optional(),
  paidAt: columnName.optional(),
  latestBy: columnName.optional(),
  dimensions: is.list(dimension, 'columns').optional(),
})

const members = is.object({
  table,
  companyId: columnName,
  userId: columnName,
  role: columnName.optional(),
  createdAt: columnName.optional(),
  latestBy: columnName.optional(),
})

/** What is said about an address never repeats it: it holds a password. */
const address = z
  .string('is no address of a Postgres')
  .refine(
    isPostgresAddress,
    `is no address of a Postgres, such as postgres://reader:password@db.internal:5432/app. ${ENCODE} Keep it in an environment variable: env('PRODUCT_DATABASE_URL').`,
  )

const PLACES = { postgres: 'url', tables: 'schema', files: 'path' } as const

/** What is allowed. */
export const productDatabase = is
  .object({
    kind: is.oneOf(['postgres', 'tables', 'files']),
    url: address.optional(),
    schema: is.text('the name of one schema', (v) => /^[^\s."'`]{1,127}$/.test(v)).optional(),
    path: is.text('the path of a folder').optional(),
    companies: companies.optional(),
    members,
    adminRoles: is.list(word, 'roles').optional(),
    paidPlans: is.list(word, 'plans').optional(),
    maxShrink: z
      .number('expected a share from 0 to 1')
      .min(0, 'expected a share from 0 to 1')
      .max(1, 'expected a share from 0 to 1')
      .optional(),
    allowPersonal: is.list(columnName, 'columns').optional(),
  })
  .superRefine((value, context) => {
    const say = (message: string, ...path: string[]) => context.addIssue({ code: 'custom', message, path })
    for (const [kind, place] of Object.entries(PLACES)) {
      if (kind === value.kind && value[place] === undefined) say(`is needed with kind '${kind}'.`, place)
      if (kind !== value.kind && value[place] !== undefined) say(`is for kind '${kind}' only. Remove it.`, place)
    }
    const allowed = new Set((value.allowPersonal ?? []).map((name) => name.toLowerCase()))
    for (const [table, option, column] of columnsOf(value)) {
      if (
        !looksPersonal(column) ||
        allowed.has(column.toLowerCase()) ||
        allowed.has(`${table}.${column}`.toLowerCase())
      )
        continue
      say(
        `names the column ${column}, which looks personal. If it is not, or has to be copied, list it: allowPersonal: ['${table}.${column}'].`,
        table,
        option,
      )
    }
  })

type Given = z.output<typeof productDatabase>

/** Every column that is copied, with the option that names it. */
function columnsOf({
  companies,
  members,
}: Pick<Given, 'companies' | 'members'>): [table: string, option: string, column: string][] {
  const { table: _, dimensions = [], ...ofCompanies } = companies ?? { table: '' }
  const { table: __, ...ofMembers } = members
  return [
    ...Object.entries(ofCompanies).map(
      ([option, column]) => ['companies', option, column as string] as [string, string, string],
    ),
    ...dimensions.map((column) => ['companies', 'dimensions', column] as [string, string, string]),
    ...Object.entries(ofMembers).map(([option, column]) => ['members', option, column] as [string, string, string]),
  ]
}

/** Names under which products keep what belongs to people, or opens doors. */
const PERSONAL =
  /mail|name|phone|mobile|telefon|fax|address|street|postcode|postal|zip|birth|gender|passport|iban|ssn|tax_?id|token|passw|pwd|secret|api_?key|credential|hash|salt|(^|_)ip($|_|address)/i

const looksPersonal = (column: string): boolean => PERSONAL.test(column)

/** What the pipeline is told: everything but the address. */
export function companyOptions(given: Given, folder: string): CompanyOptions {
  const { companies: c, members: m } = given
  const { adminRoles, paidPlans, maxShrink } = { ...defaults.productDatabase, ...given }
  return {
    from: placeOf(given, folder),
    companies: c
      ? {
          table: c.table,
          id: c.id,
          name: c.name ?? null,
          plan: c.plan ?? null,
          createdAt: c.createdAt ?? null,
          paidAt: c.paidAt ?? null,
          latestBy: c.latestBy ?? null,
          dimensions: Object.fromEntries((c.dimensions ?? []).map((name) => [name, name])),
        }
      : null,
    members: { ...m, role: m.role ?? null, createdAt: m.createdAt ?? null, latestBy: m.latestBy ?? null },
    adminRoles,
    paidPlans,
    maxShrink,
  }
}

function placeOf({ kind, schema = '', path = '' }: Given, folder: string): ProductSource {
  if (kind === 'tables') return { kind, schema }
  if (kind === 'files') return { kind, path: isAbsolute(path) ? path : resolve(folder, path) }
  return { kind }
}
