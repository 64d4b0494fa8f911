import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { sql } from '../../src/warehouses/sql.ts'
import type { TabularFile, TabularOptions } from '../../src/warehouses/warehouse.ts'
import { temporaryFolder } from '../harness/pipeline.ts'
import { writeParquet } from '../harness/source-tables.ts'
import { type KnownFailures, type Open, openedFor, tester } from './suite.ts'

/** `loadTabular`: rows of CSV and Parquet files, every column as text. */
export function testTabular(open: Open, known?: KnownFailures): void {
  describe('rows of files', () => {
    const use = openedFor(open)
    const test = tester(known)
    let folder: ReturnType<typeof temporaryFolder>
    beforeAll(() => {
      folder = temporaryFolder()
    })
    afterAll(() => folder.remove())

    const file = (name: string, content: string | Uint8Array): TabularFile => ({
      path: folder.write(name, content),
      name,
      isGzip: name.endsWith('.gz'),
      format: name.endsWith('.parquet') ? 'parquet' : 'csv',
    })
    async function load(files: readonly TabularFile[], options?: TabularOptions) {
      const loaded = await use().loadTabular('rows_of_files', files, options)
      const rows = await use().query(sql`select * from ${sql.staging('rows_of_files')} order by row_file, row_in_file`)
      return { loaded, rows }
    }

    test('CSV: names in lower case, empty fields null, columns of several files side by side', async () => {
      const { loaded, rows } = await load([
        file('a.csv', 'ID,Name\n1,"a ""b"", c"\n002,\n'),
        file('b.csv.gz', gzipSync('id,extra\n3,x\n')),
      ])
      expect(loaded).toEqual([
        { file: 'a.csv', columns: ['id', 'name'], reason: null },
        { file: 'b.csv.gz', columns: ['id', 'extra'], reason: null },
      ])
      expect(rows).toEqual([
        { row_file: 'a.csv', row_in_file: 1, id: '1', name: 'a "b", c', extra: null },
        { row_file: 'a.csv', row_in_file: 2, id: '002', name: null, extra: null },
        { row_file: 'b.csv.gz', row_in_file: 1, id: '3', name: null, extra: 'x' },
      ])
    })

    test('Parquet: every type as text', async () => {
      const parquet = file('a.parquet', '')
      await writeParquet(parquet.path, [{ id: 'x', n: 49.9, is_b: true, received_at: '2025-01-01T00:00:00.5Z' }])
      const { rows } = await load([parquet])
      expect(rows).toMatchObject([{ row_in_file: 1, id: 'x', n: '49.9', is_b: 'true' }])
      expect(String(rows[0]!.received_at)).toMatch(/^2025-01-01 \d\d:00:00\.5/)
    })

    test('of listed columns no other is loaded, whatever it is called', async () => {
      const parquet = file('some.parquet', '')
      await writeParquet(parquet.path, [{ id: 'x', email: 'boss@acme.test' }])
      const { loaded, rows } = await load(
        [file('some.csv', 'ID,row_file,Email,email\n1,x,boss@acme.test,boss@acme.test\n'), parquet],
        { columns: ['id', 'plan'] },
      )
      expect(loaded).toEqual([
        { file: 'some.csv', columns: ['id'], reason: null },
        { file: 'some.parquet', columns: ['id'], reason: null },
      ])
      expect(rows).toEqual([
        { row_file: 'some.csv', row_in_file: 1, id: '1' },
        { row_file: 'some.parquet', row_in_file: 1, id: 'x' },
      ])
    })

    test('files that cannot be read come back with the reason, and keep no row', async () => {
      const torn = gzipSync(`id,name\n${Array.from({ length: 9999 }, (_, i) => `${i},${Math.random()}`).join('\n')}\n`)
      const { loaded, rows } = await load([
        file('torn.csv.gz', torn.subarray(0, torn.length / 2)),
        file('no.parquet', 'no parquet'),
        file('good.csv', 'id\n1\n'),
      ])
      expect(loaded.map((l) => [l.file, l.reason !== null])).toEqual([
        ['torn.csv.gz', true],
        ['no.parquet', true],
        ['good.csv', false],
      ])
      expect(rows.map((r) => r.row_file)).toEqual(['good.csv'])
    })

    test('no files make an empty table', async () => {
      expect(await load([])).toEqual({ loaded: [], rows: [] })
    })
  })
}
