/**
 * The `sql` tag: text, names and values kept apart until one warehouse's writer turns them into a statement.
 *
 * `compile` binds values (resolver queries, always); `compileInline` prints literals (stages: no caller input reaches
 * them and a person must be able to paste and run them).
 */

/** A value that may stand in a statement. Times go through `sql.timestamp`, lists through `sql.join`. */
export type SqlValue = string | number | bigint | boolean | null

type Part =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'value'; readonly value: SqlValue }
  | { readonly kind: 'timestamp'; readonly iso: string }
  | { readonly kind: 'id'; readonly name: string }
  | { readonly kind: 'table'; readonly name: string }
  | { readonly kind: 'staging'; readonly name: string }

/** How one engine spells names, literals and placeholders. */
export interface SqlWriter {
  /** Quotes an identifier. */
  quote(name: string): string
  /** A table of the tributary schema, qualified and quoted. */
  table(name: string): string
  /** A staging table of the current run, qualified and quoted. */
  staging(name: string): string
  /** A literal that reads back as exactly this value. */
  literal(value: SqlValue): string
  /** The placeholder of the value at `position`, counted from 1. */
  placeholder(position: number): string
  /** A timestamp from an expression of text `YYYY-MM-DD HH:MM:SS.ffffff`, UTC. */
  timestampOf(text: string): string
}

/** A piece of SQL: immutable, composable, without an engine. */
export class Sql {
  readonly parts: readonly Part[]

  constructor(parts: readonly Part[]) {
    this.parts = parts
  }
}

/** An expression: SQL, or the name of a column (`column` or `alias.column`; anything else throws). */
export type Expr = Sql | string

const COLUMN = /^[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)?$/

/** Turns an expression into SQL. A plain string must be a column name. */
export function expr(e: Expr): Sql {
  if (e instanceof Sql) return e
  if (!COLUMN.test(e)) throw new TypeError(`Expected a column name, but got: ${e}. Write expressions as sql\`…\`.`)
  return new Sql([{ kind: 'text', text: e }])
}

/** Builds SQL. Interpolated `Sql` is spliced in; anything else is a value. Backslashes stay as typed. */
export function sql(strings: TemplateStringsArray, ...inputs: readonly (Sql | SqlValue)[]): Sql {
  const parts: Part[] = []
  strings.raw.forEach((text, i) => {
    if (text !== '') parts.push({ kind: 'text', text })
    if (i >= inputs.length) return
    const input = inputs[i]
    if (input instanceof Sql) parts.push(...input.parts)
    else if (input === undefined)
      throw new TypeError(`Expected a value or sql\`…\` at position ${i + 1}, but got undefined.`)
    else parts.push({ kind: 'value', value: input })
  })
  return new Sql(parts)
}

/** An identifier, quoted by the engine. */
sql.id = (name: string): Sql => new Sql([{ kind: 'id', name }])
/** A table of the tributary schema. */
sql.table = (name: string): Sql => new Sql([{ kind: 'table', name }])
/** A staging table of the current run. */
sql.staging = (name: string): Sql => new Sql([{ kind: 'staging', name }])
/** A point in time, UTC. `iso` as `2025-01-01T11:10:00.000001Z`, up to microseconds. */
sql.timestamp = (iso: string): Sql => new Sql([{ kind: 'timestamp', iso }])
/** Text as it is. For dialects only. */
sql.raw = (text: string): Sql => new Sql([{ kind: 'text', text }])
/** Nothing. */
sql.empty = new Sql([])
/** Pieces with a separator between them (default a comma). */
sql.join = (pieces: readonly Expr[], separator = ', '): Sql =>
  new Sql(
    pieces.flatMap((p, i) =>
      i === 0 ? expr(p).parts : [{ kind: 'text' as const, text: separator }, ...expr(p).parts],
    ),
  )
/** A list of bound values: `${column} in (${sql.values(ids)})`. Must not be empty. */
sql.values = (values: readonly SqlValue[]): Sql => sql.join(values.map((v) => sql`${v}`))

/** A statement for one engine: text with placeholders, and the values in their order. */
export interface Statement {
  readonly text: string
  readonly values: readonly SqlValue[]
}

/** Compiles with bound values. */
export function compile(statement: Sql, writer: SqlWriter): Statement {
  const values: SqlValue[] = []
  const bind = (value: SqlValue) => {
    values.push(value)
    return writer.placeholder(values.length)
  }
  return { text: print(statement, writer, bind), values }
}

/** Compiles to text with literals. */
export function compileInline(statement: Sql, writer: SqlWriter): string {
  return print(statement, writer, (value) => writer.literal(value))
}

function print(statement: Sql, writer: SqlWriter, value: (v: SqlValue) => string): string {
  let text = ''
  for (const part of statement.parts) {
    if (part.kind === 'text') text += part.text
    else if (part.kind === 'value') text += value(part.value)
    else if (part.kind === 'timestamp') text += writer.timestampOf(value(sqlTime(part.iso)))
    else if (part.kind === 'id') text += writer.quote(part.name)
    else if (part.kind === 'table') text += writer.table(part.name)
    else text += writer.staging(part.name)
  }
  return text
}

/** `2025-01-01T11:10:00.000001Z` → `2025-01-01 11:10:00.000001`, the text every engine casts alike. */
function sqlTime(iso: string): string {
  const match = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}:\d{2})(?:\.(\d{1,6}))?Z$/.exec(iso)
  if (!match) throw new TypeError(`Expected a time like 2025-01-01T00:00:00.000000Z, but got: ${iso}`)
  return `${match[1]} ${match[2]}.${(match[3] ?? '').padEnd(6, '0')}`
}
