import { phases, type Task } from './phases.ts'

/** One phase in a process of its own: gets a task, answers with its figures or why there are none, and ends. */
process.once('message', async (task: Task) => {
  const answer = await phases[task.phase](task).then(
    (figures) => ({ figures }),
    (error: unknown) => ({ problem: describeProblem(error) }),
  )
  process.send?.(answer, () => process.disconnect())
})

// Whoever asked has the answer, or is gone: then the statement at work ends with the process.
process.once('disconnect', () => process.exit())

/** What is asked for and cannot be says so in a sentence; of anything else the place matters. */
function describeProblem(error: unknown): string {
  if (error instanceof RangeError) return error.message
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
