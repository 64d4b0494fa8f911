import { randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { DeleteObjectsCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { bucketRefused } from './redshift-bucket-errors.ts'
import { csvLine, nullMarker } from './redshift-csv.ts'
import { redshiftDialect } from './redshift-dialect.ts'
import { cancelled } from './redshift-errors.ts'
import { shortLiteral } from './redshift-text.ts'
import type { ColumnSpec, Row, RunOptions } from './warehouse.ts'

/** A bucket of S3 that large loads go through. */
export interface RedshiftBucket {
  readonly name: string
  /** Folder in it; ours are folders of that, one for each load. */
  readonly prefix: string
  /** Where the bucket is, when that is not where the database is. */
  readonly region?: string
  /** The role of the database that reads it; without one its default role. */
  readonly roleArn?: string
  /** Another address of S3: a VPC endpoint, or a stand-in. */
  readonly endpoint?: string
}

/** Uncompressed size of a file. Several of them are read side by side. */
const FILE_BYTES = 32 * 1024 * 1024
/** Files compressed and sent at a time: what is held in memory is so many. */
const UPLOADS = 2
/** Objects that a call deletes. */
const MOST_DELETED = 1000

const compress = promisify(gzip)

/** Rows that lie in the bucket. */
export interface StoredRows {
  /** The statement that copies all of them, or none, into a table; its name is quoted. */
  copyInto(table: string): string
  /** Deletes the files. What cannot be deleted is left to a rule of the bucket: the rows are where they should be. */
  remove(): Promise<void>
}

/** Puts rows as compressed CSV files into a bucket, for a COPY. */
export class Bucket {
  private readonly client: S3Client
  private readonly options: RedshiftBucket

  constructor(options: RedshiftBucket, region?: string) {
    this.options = options
    const { endpoint } = options
    this.client = new S3Client({
      region: options.region ?? region,
      ...(endpoint ? { endpoint, forcePathStyle: true } : {}),
      requestHandler: { connectionTimeout: 10_000, requestTimeout: 120_000, throwOnRequestTimeout: true },
    })
  }

  close(): void {
    this.client.destroy()
  }

  /** Stores rows of those columns; when that fails, nothing stays. */
  async store(
    columns: Readonly<Record<string, ColumnSpec>>,
    rows: AsyncIterable<Row> | Iterable<Row>,
    { signal }: RunOptions = {},
  ): Promise<StoredRows> {
    const folder = `${this.options.prefix}${randomBytes(12).toString('hex')}/`
    const marker = nullMarker()
    const keys: string[] = []
    const put = async (key: string, content: Buffer | string) => {
      keys.push(key)
      await this.send(new PutObjectCommand({ Bucket: this.options.name, Key: key, Body: content }), signal)
    }
    try {
      const files: string[] = []
      const putFile = async (lines: readonly Buffer[]) => {
        const key = `${folder}${files.length}.csv.gz`
        files.push(key)
        await put(key, await compress(Buffer.concat(lines)))
      }
      await inTurns(filesOf(columns, rows, marker), putFile, signal)
      const entries = files.map((key) => ({ url: `s3://${this.options.name}/${key}`, mandatory: true }))
      if (files.length > 0) await put(`${folder}manifest`, JSON.stringify({ entries }))
    } catch (error) {
      await this.remove(keys)
      throw error
    }
    return {
      copyInto: (table) => this.copy(table, Object.keys(columns), `${folder}manifest`, marker),
      remove: () => this.remove(keys),
    }
  }

  /** What COPY is told: which files, how they are written, and who may read them. Names of columns are those of the files. */
  private copy(table: string, columns: readonly string[], manifest: string, marker: string): string {
    const { name, roleArn, region } = this.options
    return `copy ${table} (${columns.map(redshiftDialect.quote).join(', ')})
from ${shortLiteral(`s3://${name}/${manifest}`)}
iam_role ${roleArn === undefined ? 'default' : shortLiteral(roleArn)}
manifest${region === undefined ? '' : ` region ${shortLiteral(region)}`} format as csv gzip
null as ${shortLiteral(marker)} timeformat 'auto' compupdate off statupdate off`
  }

  private async remove(keys: readonly string[]): Promise<void> {
    for (let i = 0; i < keys.length; i += MOST_DELETED) {
      const Objects = keys.slice(i, i + MOST_DELETED).map((Key) => ({ Key }))
      const Delete = { Objects, Quiet: true }
      await this.client.send(new DeleteObjectsCommand({ Bucket: this.options.name, Delete })).catch(() => undefined)
    }
  }

  private async send(command: PutObjectCommand, signal?: AbortSignal): Promise<void> {
    try {
      await this.client.send(command, { abortSignal: signal })
    } catch (cause) {
      throw signal?.aborted ? cancelled('put a file into the bucket') : bucketRefused(this.options.name, cause)
    }
  }
}

/** Lines for files of about the same size. */
async function* filesOf(
  columns: Readonly<Record<string, ColumnSpec>>,
  rows: AsyncIterable<Row> | Iterable<Row>,
  marker: string,
): AsyncGenerator<Buffer[]> {
  const specs = Object.entries(columns)
  let lines: Buffer[] = []
  let bytes = 0
  for await (const row of rows) {
    const line = Buffer.from(csvLine(row, specs, marker))
    lines.push(line)
    bytes += line.length
    if (bytes >= FILE_BYTES) {
      yield lines
      lines = []
      bytes = 0
    }
  }
  if (lines.length > 0) yield lines
}

/** Works on items, a few at a time. The first failure ends it, when all that is under way has ended: nothing is sent after. */
async function inTurns<T>(items: AsyncIterable<T>, work: (item: T) => Promise<void>, signal?: AbortSignal) {
  const running = new Set<Promise<void>>()
  let failure: { error: unknown } | null = null
  try {
    for await (const item of items) {
      if (signal?.aborted) throw cancelled('put a file into the bucket')
      const one: Promise<void> = work(item)
        .catch((error) => {
          failure ??= { error }
        })
        .finally(() => running.delete(one))
      running.add(one)
      if (running.size >= UPLOADS) await Promise.race(running)
      if (failure) break
    }
  } finally {
    await Promise.all(running)
  }
  if (failure) throw (failure as { error: unknown }).error
}
