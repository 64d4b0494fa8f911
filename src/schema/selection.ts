import {
  type FieldNode,
  type FragmentDefinitionNode,
  GraphQLIncludeDirective,
  type GraphQLObjectType,
  type GraphQLResolveInfo,
  GraphQLSkipDirective,
  getDirectiveValues,
  getNamedType,
  isObjectType,
  Kind,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql'

/** What a field says about itself, for reading only what is asked for and for the limits. */
export interface FieldExtensions {
  /** Columns of the row that the field needs. */
  readonly columns?: readonly string[]
  /** The field's own fields name columns of the same row, after this prefix. */
  readonly prefix?: string
  readonly cost?: FieldCost
}

/** What a field that reads the warehouse costs; see src/server/cost.ts. */
export interface FieldCost {
  /** `one` row per parent; a `page` of `first` or `last`; a `list` of `limit`; flat `rows`, a thousand of which count as one. */
  readonly size: 'one' | 'page' | 'list' | 'rows'
  readonly statements: number
}

/** The columns that a field's selection needs. `through` leads from the field to its rows, e.g. `edges`, `node`. */
export function selectedColumns(
  info: GraphQLResolveInfo,
  all: readonly string[],
  through: readonly string[] = [],
): readonly string[] {
  const type = getNamedType(info.returnType)
  const columns = columnsOf(info, type, info.fieldNodes, through)
  return columns === null ? all : [...new Set(columns)].sort()
}

/** Null when some field does not say what it needs. */
function columnsOf(
  info: GraphQLResolveInfo,
  type: unknown,
  nodes: readonly FieldNode[],
  through: readonly string[],
): string[] | null {
  if (!isObjectType(type)) return null
  const [step, ...rest] = through
  const found: string[] = []
  for (const field of nodes.flatMap((node) => fieldsOf(info, node.selectionSet))) {
    if (field.name.value.startsWith('__')) continue
    const definition = type.getFields()[field.name.value]
    if (!definition) return null
    const columns =
      field.name.value === step
        ? columnsOf(info, getNamedType(definition.type), [field], rest)
        : columnsOfField(info, definition, field)
    if (columns === null) return null
    found.push(...columns)
  }
  return found
}

function columnsOfField(
  info: GraphQLResolveInfo,
  definition: ReturnType<GraphQLObjectType['getFields']>[string],
  field: FieldNode,
): readonly string[] | null {
  const { columns, prefix } = definition.extensions as FieldExtensions
  if (prefix === undefined) return columns ?? null
  const below = columnsOf(info, getNamedType(definition.type), [field], [])
  return below && [...(columns ?? []), ...below.map((name) => prefix + name)]
}

/** The fields of a selection set, fragments opened, without those that @skip or @include leave out. */
function fieldsOf(info: GraphQLResolveInfo, set: SelectionSetNode | undefined): FieldNode[] {
  return (set?.selections ?? [])
    .filter((s) => isIncluded(info, s))
    .flatMap((selection) => {
      if (selection.kind === Kind.FIELD) return [selection]
      const inner: SelectionSetNode | FragmentDefinitionNode | undefined =
        selection.kind === Kind.INLINE_FRAGMENT ? selection.selectionSet : info.fragments[selection.name.value]
      return fieldsOf(info, inner && 'selectionSet' in inner ? inner.selectionSet : inner)
    })
}

function isIncluded(info: GraphQLResolveInfo, node: SelectionNode): boolean {
  const skip = getDirectiveValues(GraphQLSkipDirective, node, info.variableValues)
  const include = getDirectiveValues(GraphQLIncludeDirective, node, info.variableValues)
  return skip?.if !== true && include?.if !== false
}
