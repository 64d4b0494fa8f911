import type { ProgressEvent } from '../pipeline/run.ts'
import { count, plural, seconds } from './numbers.ts'
import type { Terminal } from './terminal.ts'

const nameWidth = 12
const barWidth = 24
/** Between two drawings of the bar, and between two log lines of one stage. */
const drawEvery = 100
const logEvery = 10_000

export interface Progress {
  show(event: ProgressEvent): void
  /** Takes away the line that is drawn over: something else will be said. */
  clear(): void
}

/**
 * Shows the progress of a run: a line for each stage with rows and seconds. Where a person watches, the last line is
 * drawn over and has a bar; elsewhere a long stage says every ten seconds how far it is.
 */
export function showProgress(terminal: Terminal, now: () => number = Date.now): Progress {
  const spokenAt = new Map<string, number>()
  const show = (event: ProgressEvent) => {
    const name = event.stage.padEnd(nameWidth)
    if (event.state === 'note') {
      terminal.err(`${erase(terminal)}${event.note ?? ''}\n`)
      return
    }
    if (event.state === 'finished') {
      const line = `${name}  ${plural(event.rows ?? 0, 'row').padStart(14)}  ${seconds(event.milliseconds ?? 0).padStart(9)}`
      terminal.err(`${erase(terminal)}${line}\n`)
      return
    }
    const isDue = now() - (spokenAt.get(event.stage) ?? now()) >= (terminal.isWatched ? drawEvery : logEvery)
    if (event.state === 'started' || isDue) spokenAt.set(event.stage, now())
    if (terminal.isWatched && (event.state === 'started' || isDue)) {
      terminal.err(`${erase(terminal)}${`${name}  ${bar(event)}`.slice(0, terminal.columns - 1)}`)
    } else if (isDue) {
      terminal.err(`${name}  ${share(event)}\n`)
    }
  }
  return { show, clear: () => terminal.err(erase(terminal)) }
}

/** Back to the start of the line, and the line emptied. */
const erase = (terminal: Terminal) => (terminal.isWatched ? '\r\u001b[2K' : '')

function bar({ done, total }: ProgressEvent): string {
  if (!done || !total) return '…'
  const full = Math.min(barWidth, Math.round((done / total) * barWidth))
  return `${'█'.repeat(full)}${'░'.repeat(barWidth - full)}  ${share({ done, total })}`
}

function share({ done, total }: Pick<ProgressEvent, 'done' | 'total'>): string {
  if (done === undefined) return '…'
  return total ? `${Math.floor((done / total) * 100)} %  ${count(done)} of ${count(total)}` : count(done)
}
