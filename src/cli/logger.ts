import { type Logger, pino } from 'pino'
import type { Config } from '../config/config.ts'

export type { Logger }

/** Logs of the server: JSON lines on stdout, or short lines where a person reads them. */
export function createLogger(level: Config['log']['level'], isWatched = process.stdout.isTTY === true): Logger {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  }
  return isWatched
    ? pino(options, { write: (line: string) => void process.stdout.write(`${shorten(line)}\n`) })
    : pino(options, process.stdout)
}

/** `09:41:48 info  the message  key=value` */
export function shorten(line: string): string {
  const { time, level, msg, err, ...rest } = JSON.parse(line)
  const more = Object.entries(rest).map(
    ([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  )
  const trouble = err ? [`\n  ${String(err.stack ?? err.message).replaceAll('\n', '\n  ')}`] : []
  return [String(time).slice(11, 19), String(level).padEnd(5), msg ?? '', ...more, ...trouble].join(' ')
}
