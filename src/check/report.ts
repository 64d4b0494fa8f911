/** Something to know about an installation, and what to do about it. */
export interface Finding {
  /** `error`: a run would fail or be of no use. `warning`: it works, but numbers will not be what is expected. */
  readonly severity: 'error' | 'warning' | 'note'
  /** The option it is about: `conversions.signup`. */
  readonly subject: string
  /** What was expected, and what was found. */
  readonly message: string
  /** What to do; empty when nothing has to be done. */
  readonly fix: string
}

/** What was found at a source. */
export interface SourceCheck {
  readonly name: string
  readonly kind: string
  /** Path, or schema and tables. */
  readonly place: string
  /** What is there, in words: files or rows, size, newest. */
  readonly facts: string
  /** Messages of the sample. */
  readonly read: number
  /** Those that would go to quarantine, by reason. */
  readonly refused: Readonly<Record<string, number>>
}

/** What was found at the product database. */
export interface ProductCheck {
  readonly kind: string
  /** What can be copied, in words. */
  readonly facts: string
}

/** How an installation does: what `check` prints. */
export interface CheckReport {
  readonly verdict: 'ok' | 'warnings' | 'errors'
  /** Of the configuration that was checked. */
  readonly configVersion: string
  readonly warehouse: {
    readonly kind: string
    readonly place: string
    /** In words: opened and written to, or not there yet. */
    readonly state: string
    /** The published run; null before the first. */
    readonly run: number | null
  }
  readonly sources: readonly SourceCheck[]
  /** Null when no companies are copied. */
  readonly product: ProductCheck | null
  /** What event names, hosts and values were looked up in. */
  readonly events: {
    /** `tables`: every accepted event. `sample`: the usable messages of the sample. */
    readonly of: 'tables' | 'sample'
    readonly count: number
    readonly names: readonly Counted[]
    readonly pageHosts: readonly Counted[]
  }
  readonly findings: readonly Finding[]
}

/** A value and how often it occurs. */
export interface Counted {
  readonly value: string
  readonly count: number
}

/** The gravest of the findings. */
export function verdictOf(findings: readonly Finding[]): CheckReport['verdict'] {
  if (findings.some((f) => f.severity === 'error')) return 'errors'
  return findings.some((f) => f.severity === 'warning') ? 'warnings' : 'ok'
}

const grouped = new Intl.NumberFormat('en')

/** `1,234` */
export const count = (value: number): string => grouped.format(value)

/** `1 file`, `1,234 files` */
export const plural = (value: number, noun: string): string => `${count(value)} ${noun}${value === 1 ? '' : 's'}`

/** `3.1 %`; what is not nothing is never shown as 0. */
export function share(part: number, whole: number): string {
  const percent = whole === 0 ? 0 : (part / whole) * 100
  if (part > 0 && percent < 0.1) return 'under 0.1 %'
  return `${percent >= 10 || Number.isInteger(percent) ? Math.round(percent) : percent.toFixed(1)} %`
}

/** `a (812), b (90)` */
export const listed = (values: readonly Counted[]): string =>
  values.map(({ value, count: n }) => `\`${value}\` (${count(n)})`).join(', ')
