import { notBuilt, ServiceError } from './errors.ts'
import type { Language } from './language.ts'
import { tokensOf } from './lexer.ts'
import type { Prepared } from './references.ts'
import type { Cell, Column, Row, Table } from './store.ts'
import { engineType, typeOf } from './values.ts'
import { tableContent } from './wire.ts'
import { encode, type Message, Refused, type ZetaSql } from './zetasql.ts'

/** A named parameter of a query, or a variable of a script. */
export interface Parameter {
  readonly name: string
  readonly type: string
  readonly value: Cell
  readonly isVariable?: boolean
}

export interface Result {
  readonly columns: readonly Column[]
  readonly rows: readonly Row[]
}

/** A row that a statement changes: its place in the table, and what it becomes; null when it is deleted. */
export interface Change {
  readonly place: number
  readonly row: Row | null
}

/** The engine refuses requests over 4 MiB. */
const LARGEST_REQUEST = 4_190_000

/** Runs prepared statements on the reference implementation. */
export class Evaluator {
  private readonly engine: ZetaSql
  private readonly language: Language

  constructor(engine: ZetaSql, language: Language) {
    this.engine = engine
    this.language = language
  }

  async query(prepared: Prepared, parameters: readonly Parameter[]): Promise<Result> {
    const answer = await this.call('EvaluateQuery', prepared, parameters, null)
    return {
      columns: (answer.prepared.columns ?? []).map(asColumn),
      rows: (answer.content?.tableData?.row ?? []).map((row: Message) => row.cell ?? []),
    }
  }

  /** Rows that an INSERT adds. What is in the table already is of no account, unless the statement reads it. */
  async inserted(prepared: Prepared, parameters: readonly Parameter[], target: string): Promise<Row[]> {
    const isRead = prepared.sql.split(`\`${target}\``).length > 2
    const used = isRead
      ? prepared.used
      : new Map(prepared.used).set(target, { ...prepared.used.get(target)!, rows: [] })
    const answer = await this.call('EvaluateModify', { ...prepared, used }, parameters, null)
    return (answer.content ?? []).map((change: Message) => change.cell ?? [])
  }

  /** What an UPDATE or DELETE does to the rows of its table. */
  async changed(prepared: Prepared, parameters: readonly Parameter[], target: string): Promise<Change[]> {
    const answer = await this.call('EvaluateModify', prepared, parameters, target)
    const columns = prepared.used.get(target)!.columns.length
    return (answer.content ?? []).map((change: Message) => ({
      place: Number(change.oldPrimaryKey[0].int64Value),
      row: change.operation === 'DELETE' ? null : change.cell.slice(0, columns),
    }))
  }

  /** Checks a statement without running it. Returns what the engine understood. */
  analyze(prepared: Prepared, parameters: readonly Parameter[]): Promise<Message> {
    const message = {
      sqlStatement: prepared.sql,
      options: { queryParameters: named(parameters).map(asParameterType) },
      simpleCatalog: {
        table: [...prepared.used].map(([key, table]) => described(key, table, false)),
        constant: constants(parameters),
      },
    }
    return this.send('Analyze', message, [this.language.analyze])
  }

  private async call(
    method: 'EvaluateQuery' | 'EvaluateModify',
    prepared: Prepared,
    parameters: readonly Parameter[],
    numbered: string | null,
  ): Promise<Message> {
    const message = {
      sql: prepared.sql,
      options: { queryParameters: named(parameters).map(asParameterType) },
      params: named(parameters).map(({ name, value }) => ({ name, value })),
      simpleCatalog: { constant: constants(parameters) },
    }
    const schemas = [...prepared.used].map(([key, table]) => schemaOf(key, table, key === numbered))
    const send = (functions: 'named' | 'all', areTextsCut = false) =>
      this.send(method, message, [
        this.language.evaluate(prepared.sql, functions),
        ...schemas,
        ...contentOf(prepared, numbered, areTextsCut),
      ])
    return send('named').catch((error: unknown) => {
      if (!(error instanceof ServiceError)) throw error
      // It may be for a function that the engine itself puts in the place of another, or for a text that grows too long.
      return send('all', /max allowed output size/.test(error.message))
    })
  }

  private async send(method: string, message: Message, encoded: readonly Buffer[]): Promise<Message> {
    try {
      return await this.engine.call(method, message, encoded)
    } catch (error) {
      if (error instanceof Refused) throw new ServiceError(400, 'invalidQuery', error.message)
      throw error
    }
  }
}

/** The rows of the tables of a statement. When they are too many, with long texts cut; then without columns that it does not name. */
function contentOf({ sql, used }: Prepared, numbered: string | null, areTextsCut: boolean): Buffer[] {
  const contents = (more: { areTextsCut: boolean }) =>
    [...used].map(([key, table]) => tableContent(key, table.rows, { ...more, numbered: key === numbered }))
  const isRoom = (all: readonly Buffer[]) => all.reduce((sum, bytes) => sum + bytes.length, 0) < LARGEST_REQUEST
  const all = contents({ areTextsCut })
  if (isRoom(all)) return all
  const cut = areTextsCut ? all : contents({ areTextsCut: true })
  if (isRoom(cut) || numbered !== null) return cut
  const words = new Set(tokensOf(sql.replace(/count\(\*\)/gi, '')).map((t) => t.text.toLowerCase()))
  if (words.has('*')) throw notBuilt('room for so many rows with all columns in one statement')
  return [...used].map(([key, table]) =>
    tableContent(key, table.rows, {
      areTextsCut: true,
      kept: table.columns.map((c) => words.has(c.name.toLowerCase())),
    }),
  )
}

const schemas = new WeakMap<readonly Column[], Map<string, Buffer>>()

function schemaOf(key: string, table: Table, isNumbered: boolean): Buffer {
  const known = schemas.get(table.columns) ?? new Map<string, Buffer>()
  schemas.set(table.columns, known)
  const id = `${key} ${isNumbered}`
  let bytes = known.get(id)
  if (!bytes) {
    bytes = encode('EvaluateQuery', { simpleCatalog: { table: [described(key, table, isNumbered)] } })
    known.set(id, bytes)
  }
  return bytes
}

/** A table for the engine. To know which rows a statement changes they are numbered, in a column that no `*` shows. */
function described(key: string, table: Table, isNumbered: boolean): Message {
  const columns = table.columns.map(({ name, type }) => ({ name, type: engineType(type) }))
  if (!isNumbered) return { name: key, column: columns }
  const number = { name: '__row', type: engineType('INT64'), isPseudoColumn: true }
  return { name: key, column: [...columns, number], primaryKeyColumnIndex: [columns.length] }
}

const named = (parameters: readonly Parameter[]) => parameters.filter((p) => !p.isVariable)

/** The engine knows variables as constants of its catalog. */
const constants = (parameters: readonly Parameter[]): Message[] =>
  parameters
    .filter((p) => p.isVariable)
    .map(({ name, type, value }) => ({ namePath: [name], type: engineType(type), value }))

const asParameterType = ({ name, type }: Parameter) => ({ name, type: engineType(type) })

function asColumn({ name, type }: Message, i: number): Column {
  if (type.typeKind === 'TYPE_ARRAY' || type.typeKind === 'TYPE_STRUCT') throw notBuilt('arrays and structs in results')
  return { name: name || `f${i}_`, type: typeOf(type.typeKind), isRequired: false }
}
