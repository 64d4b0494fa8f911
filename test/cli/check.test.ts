import { chmod, cp, mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { openWarehouse } from '../../src/warehouses/open.ts'
import { temporaryFolder } from './folder.ts'
import { type Ended, start, tributary } from './tributary.ts'

describe('check', { timeout: 60_000 }, () => {
  let folder: string
  const call = (...args: string[]): Promise<Ended> => tributary(args, { folder })
  const configure = (more: object = {}) =>
    writeFile(
      join(folder, 'tributary.config.json'),
      JSON.stringify({ sources: [{ kind: 'files', path: './events' }], sites: ['acme.example'], ...more }),
    )
  beforeEach(async () => {
    folder = await temporaryFolder()
    await cp('examples/duckdb/events', join(folder, 'events'), { recursive: true })
    await configure()
  })

  it('ends with 0 when all is well, before and after the first run, and makes no database', async () => {
    const { code, out, err } = await call('check')
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect(out).toMatch(/^Warehouse +duckdb, .*: not there\s+yet/m)
    expect(out).toMatch(/Nothing to fix\.\n$/)
    expect((await readdir(folder)).sort()).toEqual(['events', 'tributary.config.json'])
    await call('run', '--quiet')
    expect(await call('check')).toMatchObject({ code: 0, out: expect.stringContaining('Run 1 is published.') })
  })

  it('ends with 4 on warnings, also as JSON', async () => {
    await configure({ conversions: { signup: { event: 'Singed Up' } } })
    const { code, out } = await call('check')
    expect(code).toBe(4)
    expect(out).toContain('Did you mean `Signed Up` (2)?')
    expect(out).toMatch(/1 warning\.\n$/)
    const json = await call('check', '--json')
    expect(json.code).toBe(4)
    expect(JSON.parse(json.out)).toMatchObject({
      verdict: 'warnings',
      findings: [{ severity: 'warning', subject: 'conversions.signup' }],
    })
  })

  it('ends with 1 on errors: a source that is not there, a database that is none, a folder that is not there', async () => {
    await configure({ sources: [{ kind: 'files', path: './evnts' }] })
    expect(await call('check')).toMatchObject({ code: 1, out: expect.stringContaining('but there is nothing') })
    await configure({ warehouse: { kind: 'duckdb', path: './events/2025-03.jsonl' } })
    expect(await call('check')).toMatchObject({
      code: 1,
      out: expect.stringMatching(/2025-03\.jsonl is not a DuckDB database, or is\s+damaged/),
    })
    await configure({ warehouse: { kind: 'duckdb', path: './no/such/w.duckdb' } })
    expect(await call('check')).toMatchObject({ code: 1, out: expect.stringContaining('there is no folder') })
  })

  it('looks at the product database: one that does not answer, files that are not as configured', async () => {
    const members = { table: 'members.csv', companyId: 'company_id', userId: 'user_id', role: 'role' }
    const url = 'postgres://reader:swordfish@127.0.0.1:1/app'
    await configure({ productDatabase: { kind: 'postgres', url, members } })
    const unreachable = await call('check')
    expect(unreachable).toMatchObject({ code: 1, out: expect.stringMatching(/nothing\s+answers\s+there/) })
    expect(unreachable.out).not.toContain('swordfish')

    await configure({ productDatabase: { kind: 'files', path: './product', members } })
    expect(await call('check')).toMatchObject({ code: 1, out: expect.stringMatching(/the\s+table\s+members\.csv/) })
    await mkdir(join(folder, 'product'))
    await writeFile(join(folder, 'product', 'members.csv'), 'company_id,user_id\nc1,u1\n')
    expect(await call('check')).toMatchObject({ code: 1, out: expect.stringMatching(/the\s+column\s+role/) })
    await writeFile(join(folder, 'product', 'members.csv'), 'company_id,user_id,role\nc1,u1,admin\n')
    expect(await call('check')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^Product database +files: members\.csv with 3 columns$/m),
    })
  })

  it('says that a folder may not be written', async () => {
    await chmod(folder, 0o555)
    // No permission keeps root from writing.
    const asNobody = process.getuid?.() === 0
    const { code, out } = await tributary(['check'], { folder, asNobody })
    expect({ code, out }).toEqual({ code: 1, out: expect.stringMatching(/no permission to\s+write/) })
    await chmod(folder, 0o700)
  })

  it('ends with 3 while another process has the database', async () => {
    const warehouse = await openWarehouse({
      kind: 'duckdb',
      path: join(folder, 'warehouse.duckdb'),
      schema: 'tributary',
    })
    expect(await call('check')).toMatchObject({ code: 3, out: '' })
    await warehouse.close()
  })

  it('asks the server that has the database, or says that it works with another configuration', async () => {
    const { child, ended, says } = start(['serve', '--port', '0'], { folder })
    await says(/"msg":"run published"/)
    const { code, out } = await call('check')
    expect({ code, out }).toEqual({ code: 0, out: expect.stringContaining('13 events taken in so far') })

    await configure({ sites: ['acme.example'], conversions: { signup: { event: 'Singed Up' } } })
    const other = await call('check')
    expect(other).toMatchObject({ code: 4, out: expect.stringMatching(/works with\s+another configuration than/) })
    expect(other.out).toMatch(/`Singed Up` occurs 0 times in the 13 usable messages/)
    expect(other.out).toContain('Run 1 is published.')
    child.kill('SIGTERM')
    await ended
  })

  it('lists every problem of the configuration, with 2', async () => {
    await configure({ timezone: 'Mars' })
    expect(await call('check')).toMatchObject({ code: 2, out: '', err: expect.stringContaining('`timezone`') })
  })
})
