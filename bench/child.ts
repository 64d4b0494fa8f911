import { phases, type Task } from './phases.ts'

/** One phase in a process of its own: gets a task, answers with its figures or why there are none, and ends. */
process.once('message', async (task: Task) => {
  const answer = await phases[task.phase](task).then(
    (figures) => ({ figures }),
    (error: unknown) => ({ problem: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  )
  process.send?.(answer, () => process.disconnect())
})
