import { ServiceError } from './errors.ts'

/** A value in the engine's words: `{ stringValue }`, `{ int64Value }` …, `{}` for null. */
export interface Cell {
  readonly stringValue?: string
  readonly int64Value?: string
  readonly doubleValue?: number
  readonly boolValue?: boolean
  readonly timestampValue?: { readonly seconds?: string; readonly nanos?: number }
  readonly dateValue?: number
  readonly datetimeValue?: { readonly bitFieldDatetimeSeconds?: string; readonly nanos?: number }
  readonly jsonValue?: string
  readonly numericValue?: Uint8Array
  readonly bytesValue?: Uint8Array
}
export type Row = readonly Cell[]

/** `STRING`, `INT64`, `FLOAT64`, `BOOL`, `TIMESTAMP`, `DATE` … */
export interface Column {
  readonly name: string
  readonly type: string
  readonly isRequired: boolean
}

/** A table or a view. Never changed: a statement that writes puts another one in its place. */
export interface Table {
  readonly project: string
  readonly dataset: string
  readonly name: string
  readonly columns: readonly Column[]
  readonly rows: readonly Row[]
  /** The query of a view. */
  readonly view?: string
  /** A column, with MONTH or DAY. */
  readonly partitionBy?: { readonly column: string; readonly unit: string }
  readonly clusterBy?: readonly string[]
  /** Milliseconds since 1970. */
  readonly expiresAt?: number
}

export const keyOf = (t: { project: string; dataset: string; name: string }): string =>
  `${t.project}.${t.dataset}.${t.name}`

export type Tables = ReadonlyMap<string, Table>

/** A dataset, named `project.dataset`. */
export interface Dataset {
  readonly location: string
  /** Milliseconds that its tables live unless they say otherwise. */
  readonly expiration?: number
}

/** Datasets and tables of all projects. */
export class Store {
  readonly datasets = new Map<string, Dataset>()
  private tables: Tables = new Map()

  /** When a table that is made now goes away, by the default of its dataset. */
  expiry({ project, dataset }: { project: string; dataset: string }): { expiresAt?: number } {
    const milliseconds = this.datasets.get(`${project}.${dataset}`)?.expiration
    return milliseconds === undefined ? {} : { expiresAt: Date.now() + milliseconds }
  }

  /** What is there now. */
  snapshot(): Map<string, Table> {
    return new Map(this.tables)
  }

  get(key: string): Table | undefined {
    return this.tables.get(key)
  }

  ofDataset(project: string, dataset: string): Table[] {
    return [...this.tables.values()].filter((t) => t.project === project && t.dataset === dataset)
  }

  put(table: Table): void {
    this.tables = new Map(this.tables).set(keyOf(table), table)
  }

  /** With its tables, as by CASCADE. */
  dropDataset(key: string): void {
    this.datasets.delete(key)
    this.tables = new Map([...this.tables].filter(([table]) => !table.startsWith(`${key}.`)))
  }

  drop(key: string): void {
    const left = new Map(this.tables)
    left.delete(key)
    this.tables = left
  }

  /**
   * Makes the writes of a transaction visible, all at once. Rows that were only added go beside what others added
   * meanwhile; a table whose rows were changed must be the one that the transaction began with.
   */
  commit(before: Tables, after: Tables): void {
    const next = new Map(this.tables)
    for (const [key, table] of after) {
      const began = before.get(key)
      if (table === began) continue
      const now = next.get(key)
      if (now === began) next.set(key, table)
      else if (began && now && isGrown(began, table)) {
        next.set(key, { ...now, rows: [...now.rows, ...table.rows.slice(began.rows.length)] })
      } else throw conflict(key)
    }
    this.tables = next
  }
}

/** Are the rows of one table all in another, in front? */
const isGrown = (small: Table, large: Table): boolean =>
  large.rows.length >= small.rows.length && small.rows.every((row, i) => row === large.rows[i])

const conflict = (key: string) =>
  new ServiceError(
    400,
    'invalidQuery',
    `Transaction is aborted due to concurrent update against table ${key}. Transaction ID: stand-in`,
  )
