import { isUtf8 } from 'node:buffer'
import { createReadStream } from 'node:fs'
import type { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import type { TextFile } from './warehouse.ts'

/** What a look through a text file found. */
export interface TextFileFacts {
  /** Why it cannot be read to its end; null when it can. */
  readonly reason: string | null
  readonly isEmpty: boolean
  /** UTF-8, `\n` only, no empty line, no control byte, no line over the limit: any reader takes it alike. */
  readonly isPlain: boolean
}

const NEWLINE = 10
/** Bytes that mean something to one reader or another: NUL, the two that stand for delimiter and null, CR. */
const SPECIAL = [0, 1, 2, 13]
const BOM = [0xef, 0xbb, 0xbf]

/** Looks a file through once: readable to the end, and whether its lines are plain. */
export async function inspectTextFile(file: TextFile, longestLine: number): Promise<TextFileFacts> {
  let isPlain = true
  let bytes = 0
  let lineLength = 0
  let tail = Buffer.alloc(0)
  try {
    for await (const chunk of open(file)) {
      if (bytes === 0 && BOM.every((b, i) => chunk[i] === b)) isPlain = false
      bytes += chunk.length
      if (!isPlain) continue
      if (SPECIAL.some((b) => chunk.includes(b))) isPlain = false
      // A chunk may end inside a character: what follows its last newline is checked with the next one.
      const last = chunk.lastIndexOf(NEWLINE)
      const whole = last < 0 ? Buffer.alloc(0) : Buffer.concat([tail, chunk.subarray(0, last)])
      if (!isUtf8(whole)) isPlain = false
      tail = last < 0 ? Buffer.concat([tail, chunk]) : Buffer.from(chunk.subarray(last + 1))
      let from = 0
      for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
        lineLength += at - from
        if (lineLength === 0 || lineLength > longestLine) isPlain = false
        lineLength = 0
        from = at + 1
      }
      lineLength += chunk.length - from
      if (lineLength > longestLine) isPlain = false
    }
  } catch (error) {
    return { reason: whyUnreadable(error, file), isEmpty: false, isPlain: false }
  }
  if (!isUtf8(tail)) isPlain = false
  return { reason: null, isEmpty: bytes === 0, isPlain }
}

/** No message is as long: what is longer is damage, and much longer than memory and strings allow. */
const LONGEST_TEXT = 64_000_000

/**
 * The lines of a file that are not empty, counted from 1; text is null when the line is not UTF-8, or longer than `longest`
 * bytes, of which no more are held in memory. With `mostBytes` it ends about there, at the last whole line.
 */
export async function* readLines(
  file: TextFile,
  { longest = LONGEST_TEXT, mostBytes = Number.POSITIVE_INFINITY }: { longest?: number; mostBytes?: number } = {},
): AsyncGenerator<{ line: number; text: string | null }> {
  let line = 0
  let bytes = 0
  let pieces: Buffer[] = []
  let length = 0
  const add = (piece: Buffer) => {
    length += piece.length
    if (length > longest) pieces = []
    else pieces.push(piece)
  }
  const take = function* () {
    line++
    if (length > longest) yield { line, text: null }
    else yield* asLine(Buffer.concat(pieces), line)
    pieces = []
    length = 0
  }
  for await (const chunk of open(file)) {
    if (bytes >= mostBytes) return
    bytes += chunk.length
    let from = 0
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
      add(chunk.subarray(from, at))
      yield* take()
      from = at + 1
    }
    if (from < chunk.length) add(Buffer.from(chunk.subarray(from)))
  }
  if (length > 0) yield* take()
}

function* asLine(bytes: Buffer, line: number): Generator<{ line: number; text: string | null }> {
  const start = line === 1 && BOM.every((b, i) => bytes[i] === b) ? BOM.length : 0
  const content = bytes.subarray(start)
  if (!isUtf8(content)) yield { line, text: null }
  else {
    // NUL is no text on some engines; JSON writes it as an escape, so a raw one is damage either way.
    const text = content.toString('utf8').replaceAll('\u0000', '\u0001').replace(/\r$/, '')
    if (/[^ \t\v\f\r]/.test(text)) yield { line, text }
  }
}

async function* open(file: TextFile): AsyncGenerator<Buffer> {
  const bytes = createReadStream(file.path, { highWaterMark: 1 << 20 })
  if (!file.isGzip) {
    yield* bytes
    return
  }
  const unzip = createGunzip({ chunkSize: 1 << 20 })
  bytes.on('error', (error) => unzip.destroy(error))
  unzip.on('close', () => bytes.destroy()) // a reader that has seen enough leaves no open file
  yield* bytes.pipe(unzip) as Readable
}

/** Why a file cannot be read, in words. */
export function whyUnreadable(error: unknown, file: Pick<TextFile, 'isGzip'>): string {
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'EACCES' || code === 'EPERM') return 'no permission to read it'
  if (code === 'ENOENT') return 'it is gone'
  if (code === 'EISDIR') return 'it is a folder'
  if (file.isGzip && code === 'Z_BUF_ERROR') return 'the gzip ends in the middle; deliver it again'
  if (file.isGzip && code?.startsWith('Z_')) return `it is no valid gzip (${message})`
  return message
}
