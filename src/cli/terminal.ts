/** Where a command speaks: results to `out`, progress and problems to `err`. */
export interface Terminal {
  out(text: string): void
  err(text: string): void
  /** Does a person watch `err`? Then lines may be drawn over. */
  readonly isWatched: boolean
  readonly columns: number
}

export const processTerminal: Terminal = {
  out: (text) => void process.stdout.write(`${text}\n`),
  err: (text) => void process.stderr.write(text),
  isWatched: process.stderr.isTTY === true,
  columns: process.stderr.columns || 80,
}
