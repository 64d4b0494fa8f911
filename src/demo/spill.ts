import { appendFileSync } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { monthOf } from './calendar.ts'

const flushAt = 1 << 20

/**
 * Lines on their way to the file of their month. People are made one after the other, files are in order of time: each
 * month's lines wait in a scratch file and are sorted when all are there, so memory holds one month at most.
 */
export class Spill {
  readonly #folder: string
  readonly #pending = new Map<string, { lines: string[]; size: number }>()
  #count = 0

  private constructor(folder: string) {
    this.#folder = folder
  }

  static async in(folder: string): Promise<Spill> {
    await mkdir(folder, { recursive: true })
    return new Spill(folder)
  }

  add(receivedAt: number, line: string): void {
    const month = monthOf(receivedAt)
    const pending = this.#pending.get(month) ?? { lines: [], size: 0 }
    this.#pending.set(month, pending)
    // Fixed width in front, so that the order of text is the order of time; ties stay as they came.
    pending.lines.push(`${String(receivedAt).padStart(15, '0')}${String(this.#count++).padStart(10, '0')}${line}\n`)
    pending.size += line.length
    if (pending.size > flushAt) this.#flush(month, pending)
  }

  get months(): string[] {
    return [...this.#pending.keys()].sort()
  }

  /** The month's lines in order of time. */
  async read(month: string): Promise<string> {
    this.#flush(month, this.#pending.get(month)!)
    const text = await readFile(join(this.#folder, month), 'utf8')
    const lines = text.split('\n').sort()
    return lines
      .slice(1)
      .map((line) => `${line.slice(25)}\n`)
      .join('')
  }

  #flush(month: string, pending: { lines: string[]; size: number }): void {
    appendFileSync(join(this.#folder, month), pending.lines.join(''))
    pending.lines = []
    pending.size = 0
  }
}
