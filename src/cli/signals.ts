import { constants } from 'node:os'

type Stop = 'SIGINT' | 'SIGTERM'

const exitCodeOf = (signal: Stop) => 128 + constants.signals[signal]

/**
 * Runs work that SIGINT and SIGTERM abort. Work that fails after a signal gives the exit code of the signal, 130 or 143; a
 * run that is cut off leaves nothing half done.
 */
export async function abortable(work: (signal: AbortSignal) => Promise<number>, onAbort: () => void): Promise<number> {
  let received: Stop | undefined
  const remember = (signal: Stop) => {
    received = signal
    onAbort()
  }
  try {
    return await listening(remember, work)
  } catch (error) {
    if (!received) throw error
    return exitCodeOf(received)
  }
}

/** Runs work that waits for SIGINT or SIGTERM: `stopped` resolves with the name. */
export async function untilStopped(
  work: (signal: AbortSignal, stopped: Promise<Stop>) => Promise<void>,
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<Stop>()
  await listening(resolve, (signal) => work(signal, promise))
}

/** The first signal aborts, the second ends the process at once. */
async function listening<T>(onFirst: (signal: Stop) => void, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController()
  const stop = (signal: Stop) => {
    if (controller.signal.aborted) process.exit(exitCodeOf(signal))
    onFirst(signal)
    controller.abort()
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  try {
    return await work(controller.signal)
  } finally {
    process.off('SIGINT', stop)
    process.off('SIGTERM', stop)
  }
}
