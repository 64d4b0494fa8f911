import {
  type ArgumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  GraphQLError,
  GraphQLIncludeDirective,
  type GraphQLObjectType,
  type GraphQLSchema,
  GraphQLSkipDirective,
  getArgumentValues,
  getDirectiveValues,
  getNamedType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql'
import type { FieldExtensions } from '../schema/selection.ts'
import { tooMuch } from './limits.ts'

/** What an operation would cost at most. */
export interface Cost {
  /** Rows, nested ones multiplied; a thousand flat rows count as one. */
  nodes: number
  /** Statements to the warehouse: loaders send one per path, however many parents (up to 500 at a time). */
  statements: number
}

export const BUDGET = { nodes: 100_000, statements: 20, textLength: 512, fields: 5_000 }

const DEFAULT_PAGE = 20

interface Walk {
  readonly schema: GraphQLSchema
  readonly fragments: Readonly<Record<string, FragmentDefinitionNode>>
  readonly variables: Record<string, unknown>
  readonly cost: Cost
  fields: number
}

/**
 * The cost of an operation with its variables; throws when it is too much. It follows fields as execution does: fields
 * with one name in the answer are one field, a fragment counts once per place, what @skip and @include leave out is free.
 */
export function costOf(
  schema: GraphQLSchema,
  operation: OperationDefinitionNode,
  fragments: Walk['fragments'],
  variables: Record<string, unknown>,
): Cost {
  const walk: Walk = { schema, fragments, variables, cost: { nodes: 0, statements: 0 }, fields: 0 }
  const root = schema.getRootType(operation.operation)
  if (root) addFields(walk, root, [operation.selectionSet], 1)
  return walk.cost
}

function addFields(walk: Walk, type: GraphQLObjectType, sets: readonly SelectionSetNode[], parents: number): void {
  const merged = new Map<string, FieldNode[]>()
  const opened = new Set<string>()
  for (const set of sets) collect(walk, set, merged, opened)
  for (const nodes of merged.values()) addField(walk, type, nodes, parents)
}

function collect(walk: Walk, set: SelectionSetNode, merged: Map<string, FieldNode[]>, opened: Set<string>): void {
  for (const selection of set.selections) {
    if (getDirectiveValues(GraphQLSkipDirective, selection, walk.variables)?.if === true) continue
    if (getDirectiveValues(GraphQLIncludeDirective, selection, walk.variables)?.if === false) continue
    if (selection.kind === Kind.FIELD) {
      const name = selection.alias?.value ?? selection.name.value
      merged.set(name, [...(merged.get(name) ?? []), selection])
    } else if (selection.kind === Kind.INLINE_FRAGMENT) {
      collect(walk, selection.selectionSet, merged, opened)
    } else if (!opened.has(selection.name.value)) {
      opened.add(selection.name.value)
      const fragment = walk.fragments[selection.name.value]
      if (fragment) collect(walk, fragment.selectionSet, merged, opened)
    }
  }
}

function addField(walk: Walk, type: GraphQLObjectType, nodes: readonly FieldNode[], parents: number): void {
  const [node] = nodes
  const field = node && type.getFields()[node.name.value]
  if (!node || !field) return
  if (++walk.fields > BUDGET.fields)
    throw tooMuch('LIMIT_COST', `An operation may have ${BUDGET.fields} fields, fragments opened, but this has more.`)
  const args = getArgumentValues(field, node, walk.variables)
  for (const arg of field.args)
    refuseText(args[arg.name], arg.name, (arg.extensions as { maxLength?: number }).maxLength, node.arguments)
  const rows = addCost(walk, field.extensions as FieldExtensions, args, parents)
  const below = getNamedType(field.type)
  const sets = nodes.flatMap((n) => (n.selectionSet ? [n.selectionSet] : []))
  if (isObjectType(below) && !below.name.startsWith('__')) addFields(walk, below, sets, rows)
}

/** Adds what one field costs and gives the number of its rows. */
function addCost(
  { cost }: Walk,
  { cost: own }: FieldExtensions,
  args: Record<string, unknown>,
  parents: number,
): number {
  if (!own) return parents
  const limit = Number(args.limit ?? 1)
  const sizes = { one: 1, page: Number(args.first ?? args.last ?? DEFAULT_PAGE), list: limit, rows: limit / 1000 }
  const rows = parents * Math.max(sizes[own.size], 0)
  cost.nodes += Math.ceil(rows)
  cost.statements += own.statements
  if (cost.nodes > BUDGET.nodes) {
    throw tooMuch(
      'LIMIT_COST',
      `An operation may ask for ${BUDGET.nodes} rows, nested ones multiplied, but this asks for more. Ask for smaller pages (\`first\`, \`limit\`).`,
    )
  }
  if (cost.statements > BUDGET.statements) {
    throw tooMuch(
      'LIMIT_COST',
      `An operation may take ${BUDGET.statements} statements, but this takes more. Ask for fewer lists at once.`,
    )
  }
  return rows
}

/** Text with NUL, which some warehouses refuse, or of a length that no id or name has. */
function refuseText(
  value: unknown,
  name: string,
  maxLength: number = BUDGET.textLength,
  nodes?: readonly ArgumentNode[],
): void {
  if (typeof value !== 'string' || (value.length <= maxLength && !value.includes('\0'))) return
  throw new GraphQLError(
    `Expected \`${name}\` to be text of at most ${maxLength} characters without NUL, but got something else.`,
    {
      nodes: nodes?.filter((n) => n.name.value === name),
      extensions: { code: 'INPUT_INVALID', http: { status: 400 } },
    },
  )
}
