import { checkLayout } from './ddl.ts'
import { notBuilt, notFound, ServiceError } from './errors.ts'
import type { Job, Jobs } from './jobs.ts'
import { checkNames, type Scripts } from './script.ts'
import { keyOf, type Store, type Table } from './store.ts'
import { columnOf, fieldOf, toWire } from './values.ts'
import type { Message } from './zetasql.ts'

/** A request, read to its end. */
export interface Asked {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly contentType: string
  readonly authorization: string
  readonly body: Buffer
}

export interface Answer {
  readonly status: number
  readonly body: unknown
}

/** What requests are answered from. */
export interface Service {
  readonly store: Store
  readonly jobs: Jobs
  readonly scripts: Scripts
  /** Rows in a page of a result at most. */
  readonly pageSize: number
}

/** Rows in a page that nobody asked the size of. */
const ok = (body: unknown): Answer => ({ status: 200, body })

type Handler = (service: Service, names: readonly string[], asked: Asked) => Answer | Promise<Answer>

/** Method and path → what answers it. */
const ROUTES: readonly (readonly [string, RegExp, Handler])[] = [
  ['POST', /^\/projects\/([^/]+)\/jobs$/, insertJob],
  ['GET', /^\/projects\/([^/]+)\/jobs\/([^/]+)$/, ({ jobs }, [p, id]) => ok(jobOf(jobs.get(p!, id!)))],
  ['POST', /^\/projects\/([^/]+)\/jobs\/([^/]+)\/cancel$/, cancelJob],
  ['GET', /^\/projects\/([^/]+)\/queries\/([^/]+)$/, queryResults],
  ['POST', /^\/upload\/projects\/([^/]+)\/jobs$/, uploadJob],
  ['POST', /^\/projects\/([^/]+)\/datasets$/, insertDataset],
  ['GET', /^\/projects\/([^/]+)\/datasets\/([^/]+)$/, getDataset],
  ['POST', /^\/projects\/([^/]+)\/datasets\/([^/]+)\/tables$/, insertTable],
  ['GET', /^\/projects\/([^/]+)\/datasets\/([^/]+)\/tables$/, listTables],
  ['GET', /^\/projects\/([^/]+)\/datasets\/([^/]+)\/tables\/([^/]+)$/, ({ store }, n) => ok(tableOf(find(store, n)))],
  ['DELETE', /^\/projects\/([^/]+)\/datasets\/([^/]+)\/tables\/([^/]+)$/, deleteTable],
]

/** Answers a request of the client. */
export async function answer(asked: Asked, service: Service): Promise<Answer> {
  const path = asked.path.replace('/bigquery/v2', '')
  for (const [method, pattern, handler] of ROUTES) {
    const match = asked.method === method ? pattern.exec(path) : null
    if (match) return handler(service, match.slice(1), asked)
  }
  throw notBuilt(`${asked.method} ${path}`)
}

const parsed = (body: Buffer): Message => JSON.parse(body.toString('utf8'))

async function insertJob({ jobs }: Service, [project]: readonly string[], { body }: Asked): Promise<Answer> {
  const job = jobs.begin(project!, parsed(body), null)
  if (!job.configuration.dryRun) return ok(jobOf(job))
  await job.ended
  if (job.error) throw job.error
  return ok(jobOf(job))
}

async function uploadJob(
  { jobs }: Service,
  [project]: readonly string[],
  { body, contentType }: Asked,
): Promise<Answer> {
  const boundary = /boundary="?([^";]+)"?/.exec(contentType)?.[1]
  if (!boundary) throw notBuilt('uploads in several requests')
  const [metadata, media] = partsOf(body, Buffer.from(`--${boundary}`))
  const job = jobs.begin(project!, parsed(metadata!), media!)
  await job.ended
  return ok(jobOf(job))
}

/** The parts of a multipart body without their headers. */
function partsOf(body: Buffer, delimiter: Buffer): Buffer[] {
  const parts: Buffer[] = []
  for (let at = body.indexOf(delimiter); ; ) {
    const next = body.indexOf(delimiter, at + delimiter.length)
    if (next < 0) return parts
    const part = body.subarray(at + delimiter.length + 2, next - 2)
    parts.push(part.subarray(part.indexOf('\r\n\r\n') + 4))
    at = next
  }
}

async function cancelJob({ jobs }: Service, [project, id]: readonly string[]): Promise<Answer> {
  const job = jobs.get(project!, id!)
  await jobs.cancel(job)
  return ok({ kind: 'bigquery#jobCancelResponse', job: jobOf(job) })
}

async function queryResults(
  { jobs, pageSize }: Service,
  [project, id]: readonly string[],
  { query }: Asked,
): Promise<Answer> {
  const job = jobs.get(project!, id!)
  const patience = Number(query.get('timeoutMs') ?? 10_000)
  let timer: NodeJS.Timeout | undefined
  const tooLong = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, patience)
  })
  await Promise.race([job.ended, tooLong])
  clearTimeout(timer)
  const jobReference = { projectId: job.project, jobId: job.id, location: job.location }
  if (job.state !== 'DONE') return ok({ jobReference, jobComplete: false })
  if (job.error) throw job.error
  const from = Number(query.get('pageToken') ?? 0)
  const to = from + Math.min(Number(query.get('maxResults') ?? pageSize), pageSize)
  const { columns, rows } = job.result
  return ok({
    ...{ jobReference, jobComplete: true, totalRows: String(rows.length), schema: { fields: columns.map(fieldOf) } },
    rows: rows.slice(from, to).map((row) => ({ f: columns.map((_, i) => ({ v: toWire(row[i] ?? {}) })) })),
    ...(to < rows.length ? { pageToken: String(to) } : {}),
  })
}

function jobOf(job: Job): unknown {
  const { error } = job
  const errors = error ? [{ reason: error.reason, message: error.message }] : undefined
  return {
    id: `${job.project}:${job.location}.${job.id}`,
    jobReference: { projectId: job.project, jobId: job.id, location: job.location },
    configuration: job.configuration,
    status: { state: job.state, ...(errors ? { errorResult: errors[0], errors } : {}) },
    statistics: { totalBytesProcessed: '0', ...job.statistics },
  }
}

function insertDataset({ store }: Service, [project]: readonly string[], { body }: Asked): Answer {
  const { datasetReference, location = 'US', defaultTableExpirationMs } = parsed(body)
  const key = `${project}.${datasetReference.datasetId}`
  if (store.datasets.has(key)) throw new ServiceError(409, 'duplicate', `Already Exists: Dataset ${key}`)
  const expiration = defaultTableExpirationMs === undefined ? undefined : Number(defaultTableExpirationMs)
  store.datasets.set(key, { location, expiration })
  return ok({ id: key, datasetReference, location })
}

function getDataset({ store }: Service, [project, dataset]: readonly string[]): Answer {
  const found = store.datasets.get(`${project}.${dataset}`)
  if (!found) throw notFound(`Dataset ${project}:${dataset}`)
  return ok({ datasetReference: { projectId: project, datasetId: dataset }, location: found.location })
}

function insertTable({ store }: Service, [project, dataset]: readonly string[], { body }: Asked): Answer {
  const { tableReference, schema, timePartitioning, clustering, expirationTime } = parsed(body)
  const place = { project: project!, dataset: dataset!, name: tableReference.tableId as string }
  if (!store.datasets.has(`${project}.${dataset}`)) throw notFound(`Dataset ${project}:${dataset}`)
  if (store.get(keyOf(place))) throw new ServiceError(409, 'duplicate', `Already Exists: Table ${keyOf(place)}`)
  const columns = schema.fields.map(columnOf)
  const layout = {
    partitionBy: timePartitioning && { column: timePartitioning.field, unit: timePartitioning.type },
    clusterBy: clustering?.fields,
  }
  checkNames(columns)
  checkLayout(layout, columns)
  const expiry = expirationTime ? { expiresAt: Number(expirationTime) } : store.expiry(place)
  const table: Table = { ...place, columns, rows: [], ...layout, ...expiry }
  store.put(table)
  return ok(tableOf(table))
}

function listTables({ store, pageSize }: Service, [project, dataset]: readonly string[], { query }: Asked): Answer {
  if (!store.datasets.has(`${project}.${dataset}`)) throw notFound(`Dataset ${project}:${dataset}`)
  const all = store.ofDataset(project!, dataset!)
  const from = Number(query.get('pageToken') ?? 0)
  const to = from + Math.min(Number(query.get('maxResults') ?? 50), pageSize)
  return ok({ tables: all.slice(from, to).map(tableOf), ...(to < all.length ? { nextPageToken: String(to) } : {}) })
}

function deleteTable({ store }: Service, names: readonly string[]): Answer {
  store.drop(keyOf(find(store, names)))
  return { status: 204, body: null }
}

function find(store: Store, [project, dataset, name]: readonly string[]): Table {
  const table = store.get(keyOf({ project: project!, dataset: dataset!, name: name! }))
  if (!table) throw notFound(`Table ${project}:${dataset}.${name}`)
  return table
}

function tableOf(table: Table): unknown {
  const { project, dataset, name, columns, rows, partitionBy, clusterBy } = table
  return {
    id: `${project}:${dataset}.${name}`,
    tableReference: { projectId: project, datasetId: dataset, tableId: name },
    type: table.view === undefined ? 'TABLE' : 'VIEW',
    schema: { fields: columns.map(fieldOf) },
    numRows: String(rows.length),
    ...(partitionBy ? { timePartitioning: { type: partitionBy.unit, field: partitionBy.column } } : {}),
    ...(clusterBy ? { clustering: { fields: clusterBy } } : {}),
    ...(table.expiresAt ? { expirationTime: String(table.expiresAt) } : {}),
  }
}
