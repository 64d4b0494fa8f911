/**
 * Runs every suite on one engine and says how each did: `npm run -s conformance -- --warehouse postgres [--config FILE]
 * [--suite NAME]… [--json]`. Without a configuration on a stand-in; with one in the warehouse it names, in schemas of the
 * tests' own that are gone afterwards.
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'

/** How the tests of a suite ended; `notRun` are those that were skipped, or all when the engine has no such suite. */
interface SuiteResult {
  readonly suite: string
  readonly passed: number
  readonly failed: number
  readonly notRun: number
  readonly seconds: number
}

interface VitestFile {
  readonly name: string
  readonly status: string
  readonly startTime: number
  readonly endTime: number
  readonly assertionResults: readonly { readonly status: string }[]
}

const root = join(import.meta.dirname, '../..')
const all = readdirSync(import.meta.dirname)
/** Every engine has the pipeline's suite, in a file of its name. */
const engines = all.flatMap((file) => /^([a-z]+)\.test\.ts$/.exec(file)?.[1] ?? [])
const here = all.filter((file) => engines.some((name) => new RegExp(`^${name}(-.*)?\\.test\\.ts$`).test(file)))

/** `postgres-bad-input.test.ts` → `bad-input`; `postgres.test.ts` → `pipeline`. */
const suiteOf = (file: string) => file.replace(/^[a-z]+/, '').replace(/^-|\.test\.ts$/g, '') || 'pipeline'

const { values } = parseArgs({
  options: {
    warehouse: { type: 'string' },
    config: { type: 'string' },
    suite: { type: 'string', multiple: true },
    json: { type: 'boolean' },
  },
})
const engine = values.warehouse
if (engine === undefined || !engines.includes(engine)) {
  process.stderr.write(
    `Expected --warehouse with one of ${engines.join(', ')}, but got ${engine ?? 'none'}. --config FILE runs on the warehouse it names, --suite NAME only this one (again for more), --json prints for programs.\n`,
  )
  process.exit(2)
}

const isAsked = (suite: string) => values.suite === undefined || values.suite.includes(suite)
const ours = here.filter((file) => file.startsWith(engine) && isAsked(suiteOf(file)))
const api = readdirSync(join(root, 'test/api')).filter((file) => file.endsWith('.test.ts') && isAsked('api'))
const files = [...ours.map((file) => `test/conformance/${file}`), ...api.map((file) => `test/api/${file}`)]
if (files.length === 0) {
  const there = [...here.filter((file) => file.startsWith(engine)).map(suiteOf), 'api'].sort()
  process.stderr.write(`Expected --suite with one of ${there.join(', ')}, but got ${values.suite?.join(', ')}.\n`)
  process.exit(2)
}
const found = await vitest(files)

const suites = new Map<string, SuiteResult>()
for (const name of [...new Set(['api', ...here.map(suiteOf)])].sort())
  suites.set(name, { suite: name, passed: 0, failed: 0, notRun: 0, seconds: 0 })
for (const file of found) {
  const suite = file.name.includes('/test/api/') ? 'api' : suiteOf(basename(file.name))
  const before = suites.get(suite) ?? { suite, passed: 0, failed: 0, notRun: 0, seconds: 0 }
  const count = (...states: readonly string[]) => file.assertionResults.filter((t) => states.includes(t.status)).length
  // A file that does not come as far as its tests has failed as a whole.
  const broken = file.status === 'failed' && count('failed') === 0 ? 1 : 0
  suites.set(suite, {
    suite,
    passed: before.passed + count('passed'),
    failed: before.failed + count('failed') + broken,
    notRun: before.notRun + count('skipped', 'pending', 'todo'),
    seconds: before.seconds + Math.max(0, file.endTime - file.startTime) / 1000,
  })
}
const results = [...suites.values()]
const total = (key: 'passed' | 'failed' | 'notRun') => results.reduce((sum, result) => sum + result[key], 0)
const summary = { passed: total('passed'), failed: total('failed'), notRun: total('notRun') }
const on = values.config ?? 'stand-in'
process.stdout.write(
  values.json ? `${JSON.stringify({ warehouse: engine, on, ...summary, suites: results }, null, 2)}\n` : table(),
)
process.exitCode = summary.failed > 0 || summary.passed === 0 ? 1 : 0

/** Runs test files; what vitest prints goes to the error stream. */
async function vitest(list: readonly string[]): Promise<readonly VitestFile[]> {
  const folder = mkdtempSync(join(tmpdir(), 'tributary-conformance-'))
  const output = join(folder, 'results.json')
  const report = ['--reporter=default', '--reporter=json', `--outputFile=${output}`]
  const runner = spawn(
    process.execPath,
    [join(root, 'node_modules/vitest/vitest.mjs'), 'run', '--project=main', ...report, ...list],
    {
      cwd: root,
      stdio: ['ignore', 'pipe', 'inherit'],
      env: {
        ...process.env,
        TRIBUTARY_TEST_WAREHOUSE: engine,
        ...(values.config === undefined ? {} : { TRIBUTARY_TEST_CONFIG: resolve(values.config) }),
      },
    },
  )
  runner.stdout.pipe(process.stderr)
  await new Promise((done) => runner.once('close', done))
  try {
    return JSON.parse(readFileSync(output, 'utf8')).testResults
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function table(): string {
  const line = (suite: string, ...cells: readonly (string | number)[]) =>
    `${suite.padEnd(16)}${cells.map((cell) => String(cell).padStart(9)).join('')}\n`
  const rows = results.map(({ suite, passed, failed, notRun, seconds }) =>
    passed + failed + notRun === 0
      ? `${suite.padEnd(16)}  not run\n`
      : line(suite, passed, failed, notRun, seconds.toFixed(1)),
  )
  const head = line('suite', 'passed', 'failed', 'not run', 'seconds')
  return `${engine} (${on})\n\n${head}${rows.join('')}${line('all', summary.passed, summary.failed, summary.notRun)}`
}
