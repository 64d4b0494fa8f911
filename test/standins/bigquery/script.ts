import { altered, alteredPath } from './alter.ts'
import { bytesOf, outputOf } from './analysed.ts'
import { checkLayout, type Definition, definitionOf } from './ddl.ts'
import { defaultsOf, groupsOf, isDeclaration, nameOf } from './declarations.ts'
import { notBuilt, notFound, ServiceError } from './errors.ts'
import type { Evaluator, Parameter, Result } from './evaluate.ts'
import { pathAt, type StatementText, statementsOf } from './lexer.ts'
import { type Names, type Prepared, placeOf, prepare } from './references.ts'
import { type Column, keyOf, type Row, type Store, type Table, type Tables } from './store.ts'

/** What a query job asks for. */
export interface Script {
  readonly sql: string
  readonly project: string
  readonly parameters: readonly Parameter[]
  /** Throws when the job has been cancelled. */
  readonly checkpoint: () => void
}

/** What became of a script: the result of its last query, and how many rows its statements changed. */
export interface Outcome {
  readonly result: Result
  readonly changed: number
}

const NOTHING: Result = { columns: [], rows: [] }

/** Runs scripts: statements one after the other, of which those between BEGIN TRANSACTION and COMMIT are one. */
export class Scripts {
  private readonly store: Store
  private readonly evaluator: Evaluator
  /** Shapes of statements that change rows and were carried out before. */
  private readonly taken = new Set<string>()

  constructor(store: Store, evaluator: Evaluator) {
    this.store = store
    this.evaluator = evaluator
  }

  async run(script: Script): Promise<Outcome> {
    let transaction: { before: Tables; now: Map<string, Table> } | null = null
    let outcome: Outcome = { result: NOTHING, changed: 0 }
    let values = script.parameters
    const statements = statementsOf(script.sql)
    const begins = statements.findIndex((s) => !isDeclaration(s))
    for (const group of groupsOf(begins < 0 ? statements : statements.slice(0, begins))) {
      script.checkpoint()
      values = [...values, ...(await this.declared(group, { ...script, parameters: values }))]
    }
    for (const statement of begins < 0 ? [] : statements.slice(begins)) {
      script.checkpoint()
      const words = statement.tokens.slice(0, 2).map((t) => t.text)
      if (words.join(' ') === 'BEGIN TRANSACTION') {
        if (transaction) throw invalid('Transaction is already in progress')
        const before = this.store.snapshot()
        transaction = { before, now: new Map(before) }
      } else if (words[0] === 'COMMIT') {
        if (!transaction) throw invalid('There is no transaction in progress')
        this.store.commit(transaction.before, transaction.now)
        transaction = null
      } else if (words[0] === 'ROLLBACK') {
        transaction = null
      } else {
        const given = { ...script, parameters: values }
        const { result, changed } = await this.statement(statement, given, transaction?.now ?? null)
        outcome = { result, changed: outcome.changed + changed }
      }
    }
    if (transaction) throw invalid('Transaction control statements are supported only in scripts or sessions')
    return outcome
  }

  /** The variables that some declarations make, computed by one query. */
  private async declared(group: readonly StatementText[], { project, parameters }: Script): Promise<Parameter[]> {
    const prepared = prepare(defaultsOf(group), this.names(project, this.store.snapshot()))
    const { rows, columns } = await this.evaluator.query(prepared, parameters)
    return group.map((statement, i) => ({
      ...{ name: nameOf(statement), type: columns[i]!.type, value: rows[0]![i]!, isVariable: true },
    }))
  }

  /** Checks a script as a dry run does. Returns the bytes its statements would read. */
  async dryRun(script: Script): Promise<{ bytes: number; columns: readonly Column[] }> {
    let bytes = 0
    let columns: readonly Column[] = []
    let values = script.parameters
    for (const statement of statementsOf(script.sql)) {
      const [verb] = statement.tokens
      if (verb!.text === 'BEGIN' || verb!.text === 'COMMIT') continue
      const asked = isDeclaration(statement) ? defaultsOf([statement]) : statement
      const prepared = prepare(asked, this.names(script.project, this.store.snapshot()))
      const answer = await this.evaluator.analyze(prepared, values)
      bytes += bytesOf(answer, prepared)
      columns = outputOf(answer)
      if (asked !== statement)
        values = [...values, { name: nameOf(statement), type: columns[0]!.type, value: {}, isVariable: true }]
    }
    return { bytes, columns }
  }

  /** The columns of a query. */
  async columnsOf(query: string, project: string): Promise<Column[]> {
    const prepared = prepare(statementsOf(query)[0]!, this.names(project, this.store.snapshot()))
    return outputOf(await this.evaluator.analyze(prepared, []))
  }

  private names(project: string, tables: Tables): Names {
    return { project, tables, datasets: this.store.datasets }
  }

  private async statement(s: StatementText, script: Script, transaction: Map<string, Table> | null): Promise<Outcome> {
    const verb = s.tokens[0]!.text
    if (verb === 'ALTER') {
      const table = this.store.get(keyOf(placeOf(alteredPath(s), script.project)))
      if (!table) throw notFound(`Table ${alteredPath(s).join('.')}`)
      this.store.put(altered(table, s))
      return { result: NOTHING, changed: 0 }
    }
    if (verb === 'CREATE' || verb === 'DROP') {
      if (transaction) throw invalid(`${verb} statements are not supported inside a transaction.`)
      return this.define(s, script)
    }
    if (verb === 'INSERT' || verb === 'UPDATE' || verb === 'DELETE') return this.change(verb, s, script, transaction)
    if (verb !== 'SELECT' && verb !== 'WITH' && verb !== '(') throw notBuilt(`statements like ${s.sql.slice(0, 60)}`)
    const names = this.names(script.project, transaction ?? this.store.snapshot())
    return { result: await this.evaluator.query(prepare(s, names), script.parameters), changed: 0 }
  }

  /** Outside a transaction a statement that met another one begins again, as in the service. */
  private async change(
    verb: string,
    s: StatementText,
    script: Script,
    transaction: Map<string, Table> | null,
  ): Promise<Outcome> {
    for (;;) {
      const before = this.store.snapshot()
      const tables = transaction ?? before
      const prepared = prepare(s, this.names(script.project, tables))
      const target = this.targetOf(verb, s, script.project, prepared)
      const { rows, changed } = await this.rowsAfter(verb, target, prepared, script.parameters)
      script.checkpoint()
      checkRequired(target, rows)
      const after = { ...target, rows }
      if (transaction) transaction.set(keyOf(target), after)
      else if (this.store.get(keyOf(target)) === target) this.store.put(after)
      else continue
      return { result: NOTHING, changed }
    }
  }

  private async rowsAfter(
    verb: string,
    target: Table,
    prepared: Prepared,
    parameters: readonly Parameter[],
  ): Promise<{ rows: Row[]; changed: number }> {
    if (verb === 'INSERT') {
      const added = await this.evaluator.inserted(prepared, parameters, keyOf(target))
      return { rows: [...target.rows, ...added], changed: added.length }
    }
    // Nothing changes in a table without rows: the engine is asked only whether it takes such a statement.
    const shape = shapeOf(prepared)
    if (target.rows.length === 0 && this.taken.has(shape)) return { rows: [], changed: 0 }
    const changes = await this.evaluator.changed(prepared, parameters, keyOf(target))
    this.taken.add(shape)
    const byPlace = new Map(changes.map(({ place, row }) => [place, row]))
    const rows = target.rows.map((row, i) => (byPlace.has(i) ? byPlace.get(i)! : row)).filter((row) => row !== null)
    return { rows, changed: changes.length }
  }

  private targetOf(verb: string, s: StatementText, project: string, { used }: Prepared): Table {
    const second = s.tokens[1]?.text
    const at = (verb === 'INSERT' && second === 'INTO') || (verb === 'DELETE' && second === 'FROM') ? 2 : 1
    const target = used.get(keyOf(placeOf(pathAt(s, at)?.parts ?? [''], project)))
    if (!target) throw invalid(`${verb} needs a table with its dataset`)
    return target
  }

  private async define(s: StatementText, script: Script): Promise<Outcome> {
    const definition = definitionOf(s)
    if (definition.kind === 'SCHEMA') return this.defineDataset(definition, script)
    const place = placeOf(definition.path, script.project)
    const existing = this.store.get(keyOf(place))
    if (definition.verb === 'DROP') {
      if (!existing && !definition.ifExists) throw notFound(`Table ${keyOf(place)}`)
      this.store.drop(keyOf(place))
      return { result: NOTHING, changed: 0 }
    }
    const dataset = this.store.datasets.get(`${place.project}.${place.dataset}`)
    if (!dataset) throw notFound(`Dataset ${place.project}:${place.dataset} was not found in location US`)
    if (existing && definition.ifExists) return { result: NOTHING, changed: 0 }
    if (existing && !definition.orReplace) {
      throw new ServiceError(409, 'duplicate', `Already Exists: Table ${place.project}:${place.dataset}.${place.name}`)
    }
    this.store.put({ ...place, ...(await this.contentOf(definition, s, script)), ...this.store.expiry(place) })
    return { result: NOTHING, changed: 0 }
  }

  private async contentOf(definition: Definition, s: StatementText, script: Script) {
    const query = definition.queryAt === undefined ? null : s.sql.slice(definition.queryAt)
    const { partitionBy, clusterBy } = definition
    if (definition.kind === 'VIEW') {
      return { columns: await this.columnsOf(query ?? '', script.project), rows: [], view: query ?? '' }
    }
    let { columns } = definition
    let rows: readonly Row[] = []
    if (query !== null) {
      const names = this.names(script.project, this.store.snapshot())
      const result = await this.evaluator.query(prepare(statementsOf(query)[0]!, names), script.parameters)
      script.checkpoint()
      if (columns.length === 0) columns = result.columns
      rows = result.rows
    }
    checkNames(columns)
    checkLayout(definition, columns)
    return { columns, rows, partitionBy, clusterBy }
  }

  private defineDataset({ verb, path, ifExists }: Definition, { project }: Script): Outcome {
    const key = path.length > 1 ? path.join('.') : `${project}.${path[0]}`
    if (verb === 'DROP') {
      this.store.dropDataset(key)
      return { result: NOTHING, changed: 0 }
    }
    if (this.store.datasets.has(key) && !ifExists)
      throw new ServiceError(409, 'duplicate', `Already Exists: Dataset ${key}`)
    if (!this.store.datasets.has(key)) this.store.datasets.set(key, { location: 'US' })
    return { result: NOTHING, changed: 0 }
  }
}

/** A statement without the digits in it, and the columns that it knows. */
const shapeOf = ({ sql, used }: Prepared): string =>
  [
    sql.replace(/\d+/g, '0'),
    ...[...used].map(([key, { columns }]) => `${key} ${columns.map((c) => `${c.name} ${c.type}`)}`),
  ].join('\n')

const invalid = (message: string) => new ServiceError(400, 'invalidQuery', message)

function checkRequired(table: Table, rows: readonly Row[]): void {
  const known = new Set(table.rows)
  for (const [i, column] of table.columns.entries()) {
    if (!column.isRequired) continue
    const isNull = (row: Row) => !known.has(row) && Object.keys(row[i] ?? {}).length === 0
    if (rows.some(isNull)) throw invalid(`Required field ${column.name} cannot be null`)
  }
}

/** Names of columns: none without, none twice, and the letters that BigQuery allows in them. */
export function checkNames(columns: readonly Column[]): void {
  const seen = new Set<string>()
  for (const { name } of columns) {
    if (/^f\d+_$/.test(name)) throw invalid('CREATE TABLE columns must be named, but a column has no name')
    if (!/^[\p{L}\p{M}\p{N}\p{Pc}\p{Pd}&%=+:'<>#| ]{1,300}$/u.test(name)) throw invalid(`Invalid field name "${name}".`)
    if (seen.has(name.toLowerCase())) throw invalid(`Duplicate column name ${name} in the result`)
    seen.add(name.toLowerCase())
  }
}
