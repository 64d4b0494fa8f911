import { randomBytes } from 'node:crypto'
import type { Bucket } from './redshift-bucket.ts'
import { stagingTable } from './redshift-ddl.ts'
import { redshiftDialect } from './redshift-dialect.ts'
import { inserts, manyOf } from './redshift-load.ts'
import { BATCH } from './redshift-statements.ts'
import { dropStaging } from './redshift-writer.ts'
import type { SqlWriter } from './sql.ts'
import type { ColumnSpec, Row, RunOptions } from './warehouse.ts'

type Columns = Readonly<Record<string, ColumnSpec>>
type Rows = AsyncIterable<Row> | Iterable<Row>
/** Runs statements as one transaction. */
type Run = (statements: readonly string[], o?: RunOptions) => Promise<void>

/** How rows come into tables, whose names are quoted: few as inserts, many by way of a bucket where there is one. */
export function redshiftLoads(writer: SqlWriter, run: Run, bucket: Bucket | null) {
  /** By way of the bucket, in one transaction with what goes before. */
  const copy = async (before: readonly string[], table: string, columns: Columns, rows: Rows, o?: RunOptions) => {
    if (!bucket) throw new TypeError('Expected a bucket, but there is none.')
    const stored = await bucket.store(columns, rows, o)
    try {
      await run([...before, stored.copyInto(table)], o)
    } finally {
      await stored.remove()
    }
  }

  const look = (rows: Rows) => (bucket ? manyOf(rows) : { rows, areMany: false })

  return {
    copy,

    /** Into a table that nobody reads yet, which the first statements make. */
    async fill(create: readonly string[], table: string, columns: Columns, given: Rows, o?: RunOptions) {
      const { rows, areMany } = await look(given)
      if (areMany) return copy(create, table, columns, rows, o)
      let first = create
      for await (const batch of inserts(table, columns, rows)) {
        const all = [...first, ...batch]
        first = []
        for (let i = 0; i < all.length; i += BATCH) await run(all.slice(i, i + BATCH), o)
      }
      if (first.length > 0) await run(first, o)
    },

    /** Into a table that is there, all rows or none: more inserts than fit in one transaction go through a staging table. */
    async addTo(table: string, columns: Columns, given: Rows, o?: RunOptions) {
      const { rows, areMany } = await look(given)
      if (areMany) return copy([], table, columns, rows, o)
      const batches = inserts(table, columns, rows)
      const first = await batches.next()
      if (first.done) return
      const second = await batches.next()
      if (second.done) return run(first.value, o)
      const name = `loading_${randomBytes(6).toString('hex')}`
      const moved = (text: string) => text.replace(table, writer.staging(name))
      await run([stagingTable(name, columns, writer)], o)
      try {
        await run(first.value.map(moved), o)
        await run(second.value.map(moved), o)
        for await (const batch of batches) await run(batch.map(moved), o)
        const list = Object.keys(columns).map(redshiftDialect.quote).join(', ')
        await run([`insert into ${table} (${list}) select ${list} from ${writer.staging(name)}`], o)
      } finally {
        await run([dropStaging(name, writer)]).catch(() => undefined)
      }
    },
  }
}
