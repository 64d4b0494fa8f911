import type { SourceOptions } from '../pipeline/options.ts'
import { probeFiles } from './probe-files.ts'
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

type ProbeOf<Kind extends SourceOptions['kind']> = (
  source: Extract<SourceOptions, { kind: Kind }>,
  subject: string,
) => Promise<Probe>

/** How each kind of source is looked at; a new kind of source is one more line here. */
const probes: { readonly [Kind in SourceOptions['kind']]: ProbeOf<Kind> } = {
  files: probeFiles,
}

/** Looks at a source. What goes wrong is a finding. */
export async function probe(source: SourceOptions, subject: string): Promise<Probe> {
  try {
    return await (probes[source.kind] as ProbeOf<typeof source.kind>)(source, subject)
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    const finding: Finding = { severity: 'error', subject, message, fix: '' }
    return { facts: 'cannot be read', findings: [finding], lines: [], isWhole: false }
  }
}
