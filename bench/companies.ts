/**
 * What a copy of the product database costs, by its number of memberships: `node bench/companies.ts 1000000 [postgres |
 * redshift]`. A Postgres of npm, a DuckDB file with a memory limit or a stand-in of the warehouse named, three runs: the
 * first copy, one that finds nothing new, one after a thousand changes.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import type { PipelineOptions } from '../src/pipeline/options.ts'
import { runPipeline } from '../src/pipeline/run.ts'
import { openDuckdb } from '../src/warehouses/duckdb.ts'
import { openProductPostgres } from '../src/warehouses/product-postgres.ts'
import type { TestEngine } from '../test/harness/engines.ts'
import { startPostgres } from '../test/harness/postgres.ts'
import { postgresEngine } from '../test/harness/postgres-engine.ts'
import { redshiftEngine } from '../test/harness/redshift-engine.ts'
import { testSettings } from '../test/oracle/settings.ts'

const engines: Record<string, () => Promise<TestEngine>> = { postgres: postgresEngine, redshift: redshiftEngine }
const engine = await engines[process.argv[3] ?? '']?.()
const members = Number(process.argv[2] ?? 1_000_000)
const companies = Math.ceil(members / 10)
const folder = mkdtempSync(join(tmpdir(), 'tributary-companies-'))
const server = await startPostgres()
const url = await server.createDatabase()
const owner = new pg.Client({ connectionString: url })
await owner.connect()
try {
  await owner.query(`
create table companies (id int primary key, plan text, created_at timestamptz, industry text, notes text);
insert into companies select n, case n % 4 when 0 then 'pro' else 'free' end, timestamptz '2024-01-01' + n * interval '1 minute', 'industry ' || n % 20, repeat('x', 200)
from generate_series(1, ${companies}) as n;
create table people (company_id int, user_id text, role text, email text);
insert into people select 1 + n % ${companies}, 'user-' || n, case n % 10 when 0 then 'admin' else 'member' end, 'user' || n || '@example.test'
from generate_series(1, ${members}) as n;`)
  writeFileSync(
    join(folder, 'events.jsonl'),
    Array.from({ length: 1000 }, (_, i) =>
      JSON.stringify({
        type: 'page',
        messageId: `m${i}`,
        anonymousId: `d${i}`,
        userId: `user-${i + 1}`,
        timestamp: '2025-01-01T00:00:00Z',
        receivedAt: '2025-01-01T00:00:00Z',
      }),
    ).join('\n'),
  )
  const options: PipelineOptions = {
    ...testSettings,
    sources: [{ kind: 'files', name: 'events', path: join(folder, 'events.jsonl'), deduplicateAs: null }],
    companies: {
      from: { kind: 'postgres' },
      companies: {
        table: 'companies',
        id: 'id',
        name: null,
        plan: 'plan',
        createdAt: 'created_at',
        paidAt: null,
        latestBy: null,
        dimensions: { industry: 'industry' },
      },
      members: {
        table: 'people',
        companyId: 'company_id',
        userId: 'user_id',
        role: 'role',
        createdAt: null,
        latestBy: null,
      },
      adminRoles: ['admin'],
      paidPlans: ['pro'],
      maxShrink: 0.5,
    },
  }
  const path = join(folder, 'warehouse.duckdb')
  const warehouse = engine
    ? await engine.open()
    : await openDuckdb({ path, schema: 'tributary', memoryLimit: '1GB', threads: 2 })
  const measure = async (what: string) => {
    let heap = 0
    const timer = setInterval(() => {
      heap = Math.max(heap, process.memoryUsage().heapUsed)
    }, 20)
    const began = performance.now()
    const report = await runPipeline({
      warehouse,
      options,
      configVersion: 'bench',
      kind: 'increment',
      openProduct: (signal) => openProductPostgres(url, signal),
    })
    clearInterval(timer)
    const stage = report.stages.find((s) => s.stage === 'companies')!
    console.log(
      `${what}: run ${((performance.now() - began) / 1000).toFixed(1)} s, stage companies ${(stage.milliseconds / 1000).toFixed(1)} s, rows written ${report.rowsWritten}, heap at most ${Math.round(heap / 1e6)} MB, process at most ${Math.round(process.resourceUsage().maxRSS / 1e3)} MB`,
    )
  }
  console.log(`${members.toLocaleString('en')} memberships of ${companies.toLocaleString('en')} companies`)
  await measure('first copy')
  await measure('nothing new')
  await owner.query(
    `update people set role = 'admin' where user_id in (select 'user-' || n from generate_series(1, 1000) as n)`,
  )
  await measure('1,000 roles changed')
  await warehouse.close()
} finally {
  await owner.end()
  await engine?.stop()
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
}
