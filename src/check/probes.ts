import type { PipelineOptions, SourceOptions } from '../pipeline/options.ts'
import type { Warehouse } from '../warehouses/warehouse.ts'
import { probeFiles } from './probe-files.ts'
import { probeTables } from './probe-tables.ts'
import type { Finding } from './report.ts'

/** A message of a source as it was delivered. */
export interface SampleLine {
  /** The file or table, as quarantine would call it. */
  readonly file: string
  readonly line: number
  /** JSON; null when it is not UTF-8. */
  readonly text: string | null
}

/** A look at a source that changes nothing. */
export interface Probe {
  /** What is there, in words. */
  readonly facts: string
  readonly findings: readonly Finding[]
  readonly lines: readonly SampleLine[]
  /** The sample is all there is. */
  readonly isWhole: boolean
}

/** What looking needs beside the source: the warehouse, when it could be opened, and the options. */
export interface ProbeOptions {
  readonly warehouse: Warehouse | null
  readonly options: PipelineOptions
}

/** Looks at a source. What goes wrong is a finding. */
export async function probe(
  source: SourceOptions,
  subject: string,
  { warehouse, options }: ProbeOptions,
): Promise<Probe> {
  try {
    return source.kind === 'files'
      ? await probeFiles(source, subject)
      : await probeTables(source, subject, warehouse, options)
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    const finding: Finding = { severity: 'error', subject, message, fix: '' }
    return { facts: 'cannot be read', findings: [finding], lines: [], isWhole: false }
  }
}

/** Where a source is, in words. */
export const placeOfSource = (source: SourceOptions): string => (source.kind === 'files' ? source.path : source.schema)
