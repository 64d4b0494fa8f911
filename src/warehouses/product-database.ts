/** A product database that is read, and never written: a snapshot of it. */
export interface ProductDatabase {
  /** The columns of a table with their types in its words; null when there is no such table, or it may not be looked at. */
  columns(table: string): Promise<Readonly<Record<string, string>> | null>
  /** Rows in which only these columns are: texts as they are, times as ISO text, null for null. Names nothing else in its statements. */
  rows(table: string, columns: readonly ProductColumn[]): AsyncIterable<Readonly<Record<string, string | null>>>
  close(): Promise<void>
}

/** A column that is copied. */
export interface ProductColumn {
  readonly name: string
  /** What it is called in the rows. */
  readonly as: string
  readonly isTime: boolean
}
