import { InputError } from '../errors.ts'
import { type Sql, sql } from '../warehouses/sql.ts'
import type { Row } from '../warehouses/warehouse.ts'
import { type Context, type Node, type PublishedRun, read } from './context.ts'
import { beyond, type Cursor, decodeCursor, encodeCursor, type Order, runOfCursors } from './cursors.ts'
import { within } from './lists.ts'
import { batchLoader } from './loaders.ts'

/** The arguments of a Relay connection. */
export interface PageArgs {
  readonly first?: number | null
  readonly after?: string | null
  readonly last?: number | null
  readonly before?: string | null
}

/** A Relay connection. */
export interface Page {
  readonly edges: readonly { readonly cursor: string; readonly node: Node }[]
  readonly pageInfo: {
    readonly hasNextPage: boolean
    readonly hasPreviousPage: boolean
    readonly startCursor: string | null
    readonly endCursor: string | null
  }
}

/** Where rows come from. */
export interface Paged {
  /** Name in labels and loaders. */
  readonly field: string
  readonly order: Order
  /** The columns to read; those of the order are added. */
  readonly columns: readonly string[]
  /** `from … where …` in a run, as a relation of its own. */
  source(run: PublishedRun): Sql
}

export const DEFAULT_PAGE = 20
export const MAX_PAGE = 500

interface Cut {
  readonly size: number
  /** The last rows are wanted: read in reverse. */
  readonly isBackward: boolean
  readonly after: Cursor | null
  readonly before: Cursor | null
}

/** A page of a whole list. */
export async function rootPage(context: Context, args: PageArgs, run: PublishedRun, paged: Paged): Promise<Page> {
  const cut = cutOf(args, paged.order)
  const pinned = await runOfCursors(context, [cut.after, cut.before], run)
  const rows = await read(
    context,
    paged.field,
    sql`
select ${columnsOf(paged)}
from ${paged.source(pinned)} as rows_of_run
where ${bounds(cut, paged.order)}
order by ${ordering(paged.order, cut)}
limit ${cut.size + 1}`,
  )
  return pageOf(rows, cut, pinned, paged.order)
}

/** The same page of every parent's list, in one statement. `by` is the parent's column in the rows. */
export async function nestedPage(
  context: Context,
  args: PageArgs,
  parent: Node,
  by: string,
  paged: Paged & { under(keys: readonly string[]): Sql },
): Promise<Page> {
  const cut = cutOf(args, paged.order)
  const run = await runOfCursors(context, [cut.after, cut.before], parent.run)
  const query = (keys: readonly Row[]) => sql`
select ${columnsOf(paged, by)}, row_position
from (
    select *, row_number() over (partition by ${sql.id(by)} order by ${ordering(paged.order, cut)}) as row_position
    from ${paged.source(run)} as rows_of_run
    where ${paged.under(keys.map((key) => String(key[by])))} and ${bounds(cut, paged.order)}
) as numbered
where row_position <= ${cut.size + 1}
order by ${sql.id(by)}, row_position`
  const { first, last, after, before } = args
  const loader = batchLoader(context, {
    field: paged.field,
    args: { first, last, after, before },
    columns: paged.columns,
    run,
    by: [by],
    query,
  })
  return pageOf(await loader.load({ [by]: parent.row[by] ?? null }), cut, run, paged.order)
}

function cutOf(args: PageArgs, order: Order): Cut {
  const { first, last, after, before } = args
  if (first != null && last != null) throw new InputError('Expected `first` or `last`, but got both.')
  const isBackward = last != null
  return {
    size: within(isBackward ? 'last' : 'first', last ?? first ?? DEFAULT_PAGE, 1, MAX_PAGE),
    isBackward,
    after: after == null ? null : decodeCursor(order, 'after', after),
    before: before == null ? null : decodeCursor(order, 'before', before),
  }
}

function columnsOf(paged: Paged, by?: string): Sql {
  const names = [...(by ? [by] : []), ...paged.order.columns.map((c) => c.name), ...paged.columns]
  return sql.join([...new Set(names)].map(sql.id))
}

function bounds(cut: Cut, order: Order): Sql {
  const tests = [
    ...(cut.after ? [beyond(order, cut.after, '>')] : []),
    ...(cut.before ? [beyond(order, cut.before, '<')] : []),
  ]
  return tests.length === 0 ? sql`1 = 1` : sql.join(tests, ' and ')
}

function ordering(order: Order, cut: Cut): Sql {
  return sql.join(order.columns.map((c) => (cut.isBackward ? sql`${sql.id(c.name)} desc` : sql.id(c.name))))
}

function pageOf(rows: readonly Row[], cut: Cut, run: PublishedRun, order: Order): Page {
  const kept = rows.slice(0, cut.size)
  if (cut.isBackward) kept.reverse()
  const edges = kept.map((row) => ({ cursor: encodeCursor(order, run, row), node: { run, row } }))
  const hasMore = rows.length > cut.size
  return {
    edges,
    pageInfo: {
      // A cursor is a row of the same run, so there is a page on its other side.
      hasNextPage: cut.isBackward ? cut.before !== null : hasMore,
      hasPreviousPage: cut.isBackward ? hasMore : cut.after !== null,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
  }
}
