import { spawn } from 'node:child_process'
import { readdir } from 'node:fs/promises'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from './folder.ts'

const main = resolve('bench/main.ts')

/** Runs the benchmark; its temporary files go where the test can see them. */
function bench(args: readonly string[], folder: string): Promise<{ code: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, [main, ...args], { env: { ...process.env, TMPDIR: folder } })
  let out = ''
  let err = ''
  child.stdout.on('data', (chunk) => {
    out += chunk
  })
  child.stderr.on('data', (chunk) => {
    err += chunk
  })
  return new Promise((done, failed) => {
    child.on('error', failed)
    child.on('close', (code) => done({ code, out, err }))
  })
}

test('the benchmark measures every phase, and a rebuild after its increments writes nothing', async () => {
  const folder = await temporaryFolder()
  const { code, out, err } = await bench(
    ['--events', '4000', '--months', '3', '--runs', '2', '--lateness', '0.05:3', '--verify', '--json'],
    folder,
  )
  expect(err.replaceAll(/^\w+( …|: part .*)\n/gm, '')).toBe('')
  expect(code).toBe(0)
  const { histories } = JSON.parse(out)
  const { summary, lean, sort, build, increments, verify } = histories[0]
  expect(summary).toMatchObject({
    events: expect.any(Number),
    rowsWrittenByRebuild: 0,
    ratios: {
      incrementToLean: { time: expect.any(Number), cpu: expect.any(Number) },
      buildToLean: { time: expect.any(Number), cpu: expect.any(Number) },
      buildToSort: { time: expect.any(Number), cpu: expect.any(Number) },
    },
  })
  for (const phase of [lean, sort, sort.narrow, build, ...increments, verify]) {
    expect(phase.seconds).toBeGreaterThan(0)
    expect(phase.peakMegabytes).toBeGreaterThan(0)
  }
  expect(lean.sessions).toBeGreaterThan(0)
  expect(build.stages.map((s: { stage: string }) => s.stage)).toContain('sessions')
  expect(build.accepted).toBeGreaterThan(0.9 * summary.events)
  expect(increments).toHaveLength(2)
  for (const run of increments) expect(run.accepted).toBeGreaterThan(0)
  // Vectors of empty joins and rows around withdrawals, but never all of them in each statement.
  expect(summary.eventsScanned).toBeGreaterThanOrEqual(0)
  expect(await readdir(folder)).toEqual([])
}, 300_000)

test('a wrong call says what is expected', async () => {
  const { code, err } = await bench(['--events', 'many'], await temporaryFolder())
  expect(code).toBe(2)
  expect(err).toContain('Expected --events to be a whole number like 300000, 300K or 10M, but got many.')
})
