import { readdir } from 'node:fs/promises'
import { extname } from 'node:path'
import type { FilesSource } from '../pipeline/options.ts'
import { type FoundFile, findFiles } from '../pipeline/sources/files.ts'
import { formatOf } from '../pipeline/sources/tabular.ts'
import { readLines, whyUnreadable } from '../warehouses/text-files.ts'
import type { Probe, SampleLine } from './probes.ts'
import { type Counted, type Finding, listed, plural } from './report.ts'

/** Enough to see what is rare, little enough to be there in a second or two. */
const MOST_LINES = 20_000
const MOST_FILES = 50
/** Reading ends about here, so a file that comes near it may go on. */
const MOST_BYTES = 32_000_000

/** The files of a source, and the first lines of some of them. */
export async function probeFiles(source: FilesSource, subject: string): Promise<Probe> {
  const { files } = await findFiles(source)
  if (files.length === 0) return nothing(source, subject)
  const chosen = spread(files)
  const findings: Finding[] = files.flatMap((f) => (f.problem === null ? [] : [unreadable(subject, f.item, f.problem)]))
  const lines: SampleLine[] = []
  // Rows of CSV and Parquet are read by the run; a sample is of lines.
  const isOfLines = ({ item }: FoundFile) => formatOf(item) === 'lines'
  let isWhole = chosen.length === files.length && files.every(isOfLines)
  for (const file of chosen.filter((f) => f.problem === null && isOfLines(f))) {
    const most = Math.ceil((MOST_LINES - lines.length) / Math.max(1, chosen.length - chosen.indexOf(file)))
    const read = await firstLines(file, most)
    lines.push(...read.lines)
    if (!read.isWhole) isWhole = false
    if (read.problem !== null) findings.push(unreadable(subject, file.item, read.problem))
  }
  return { facts: factsOf(files), findings, lines, isWhole }
}

/** Files from the first name to the last, and the one that changed last. */
function spread(files: readonly FoundFile[]): readonly FoundFile[] {
  if (files.length <= MOST_FILES) return files
  const step = (files.length - 1) / (MOST_FILES - 2)
  const chosen = new Set(Array.from({ length: MOST_FILES - 1 }, (_, i) => files[Math.round(i * step)]!))
  return [...chosen.add(newest(files))]
}

const newest = (files: readonly FoundFile[]) => files.reduce((a, b) => (b.modifiedMicros > a.modifiedMicros ? b : a))

async function firstLines(file: FoundFile, most: number) {
  const lines: SampleLine[] = []
  let bytes = 0
  try {
    const input = { path: file.path, name: file.item, isGzip: file.isGzip }
    for await (const { line, text } of readLines(input, { mostBytes: MOST_BYTES })) {
      if (lines.length >= most) return { lines, isWhole: false, problem: null }
      lines.push({ file: file.item, line, text })
      bytes += Buffer.byteLength(text ?? '')
    }
  } catch (error) {
    return { lines: [], isWhole: false, problem: whyUnreadable(error, file) }
  }
  return { lines, isWhole: Math.max(bytes, file.isGzip ? 0 : file.bytes) < 0.9 * MOST_BYTES, problem: null }
}

const unreadable = (subject: string, item: string, problem: string): Finding => ({
  severity: 'warning',
  subject,
  message: `\`${item}\` cannot be read: ${problem}.`,
  fix: 'Deliver it again, or mend its permissions. A run takes in the other files and tries this one again each time.',
})

function factsOf(files: readonly FoundFile[]): string {
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0)
  const { item, modifiedMicros } = newest(files)
  const changed = new Date(Number(modifiedMicros / 1000n)).toISOString().slice(0, 16).replace('T', ' ')
  return `${plural(files.length, 'file')}, ${size(bytes)}, newest ${item} (changed ${changed} UTC)`
}

function size(bytes: number): string {
  const units = ['bytes', 'KB', 'MB', 'GB', 'TB']
  let value = bytes
  let unit = 0
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`
}

/** No event files: which others are there may tell why. */
async function nothing(source: FilesSource, subject: string): Promise<Probe> {
  const entries = await readdir(source.path, { recursive: true, withFileTypes: true }).catch(() => [])
  const endings = new Map<string, number>()
  for (const { name } of entries.filter((entry) => entry.isFile()))
    endings.set(extname(name) || name, (endings.get(extname(name) || name) ?? 0) + 1)
  const others: Counted[] = [...endings].map(([value, count]) => ({ value, count }))
  const there = others.length === 0 ? '' : ` There are others: ${listed(others.slice(0, 5))}.`
  const finding: Finding = {
    severity: 'warning',
    subject,
    message: `Expected files of events at ${source.path}, but got none.${there}`,
    fix: 'Put files of JSON lines there, one message a line, with names that end in .jsonl, .ndjson or .json, gzipped (.gz) or not; or CSV and Parquet files. A glob reads what it matches, whatever its name.',
  }
  return { facts: 'no files', findings: [finding], lines: [], isWhole: true }
}
