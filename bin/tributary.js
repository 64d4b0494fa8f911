#!/usr/bin/env node
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** Plain JavaScript that any Node reads: it checks the version, sets up the process and hands over to src/cli/main.ts. */
const needed = '22.18.0'
const threads = 16

if (isOlder(process.versions.node, needed)) {
  console.error(
    `tributary needs Node ${needed.slice(0, -2)} or newer, but this is Node ${process.versions.node}. Install a newer one from https://nodejs.org.`,
  )
  process.exitCode = 1
} else if (Number(process.env.UV_THREADPOOL_SIZE ?? 4) < threads) {
  startAgain()
} else {
  const source = new URL('../src/cli/main.ts', import.meta.url)
  const { main } = await import(existsSync(source) ? source.href : new URL('../dist/cli/main.js', import.meta.url).href)
  process.exitCode = await main(process.argv.slice(2))
}

function isOlder(version, than) {
  const [a, b] = [version, than].map((text) => text.split('.').map(Number))
  const i = a.findIndex((part, at) => part !== b[at])
  return i >= 0 && a[i] < b[i]
}

/**
 * A running query of DuckDB holds a thread of libuv: with the usual four, four long queries stop all others. The number is
 * read before any of our code runs, so Node starts again, in this same process where it can: signals then reach the
 * one that works.
 */
function startAgain() {
  const quiet = ['--disable-warning=ExperimentalWarning', '--disable-warning=MODULE_TYPELESS_PACKAGE_JSON']
  const args = [...process.execArgv, ...quiet, fileURLToPath(import.meta.url), ...process.argv.slice(2)]
  const env = { ...process.env, UV_THREADPOOL_SIZE: String(threads) }
  if (process.execve && process.platform !== 'win32') process.execve(process.execPath, [process.execPath, ...args], env)

  const child = spawn(process.execPath, args, { env, stdio: 'inherit' })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('error', (error) => {
    console.error(`tributary could not start Node again: ${error.message}`)
    process.exitCode = 1
  })
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal === 'SIGINT' ? 130 : signal === 'SIGTERM' ? 143 : 1)
  })
}
