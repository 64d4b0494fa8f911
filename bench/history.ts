import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { dataFile } from './files.ts'
import type { Generated, Task } from './phases.ts'
import { runPhase } from './run-phase.ts'

/** The history of a shape: generated, or the one of that shape that an earlier call left in the folder. */
export async function prepareHistory(task: Omit<Task, 'phase'>): Promise<Generated> {
  const note = join(task.folder, 'history.json')
  if (existsSync(note) && existsSync(dataFile(task))) {
    const { shape, generated } = JSON.parse(await readFile(note, 'utf8'))
    if (isDeepStrictEqual(shape, task.shape)) return generated
  }
  const generated = await runPhase(task, 'generate')
  await writeFile(note, JSON.stringify({ shape: task.shape, generated }))
  return generated
}
