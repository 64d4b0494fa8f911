import { fork } from 'node:child_process'
import type { phases, Task } from './phases.ts'

/** Runs a phase in a process of its own, so that the memory it takes is its own, and returns its figures. */
export function runPhase<P extends Task['phase']>(
  task: Omit<Task, 'phase'>,
  phase: P,
): Promise<Awaited<ReturnType<(typeof phases)[P]>>> {
  console.error(`${phase} …`)
  const child = fork(new URL('./child.ts', import.meta.url), {
    // As bin/tributary.js does: a running statement holds a thread of libuv.
    env: { ...process.env, UV_THREADPOOL_SIZE: '16' },
    stdio: ['ignore', 2, 2, 'ipc'], // standard output is the result's alone
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('message', (answer: { figures?: never; problem?: string }) => {
      if (answer.problem === undefined) resolve(answer.figures!)
      else reject(new Error(`${phase} failed: ${answer.problem}`))
    })
    child.on('exit', (code, signal) => reject(new Error(`${phase} ended without an answer (${signal ?? code}).`)))
    child.send({ ...task, phase })
  })
}
