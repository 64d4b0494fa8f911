import { readFileSync, writeFileSync } from 'node:fs'

/** What a piece of work cost this process. */
export interface Cost {
  readonly seconds: number
  /** Of all threads. On a machine that does other things it says more than the clock. */
  readonly cpuSeconds: number
  /** The most memory the process held meanwhile; what it held before counts, as far as it kept it. */
  readonly peakMegabytes: number
}

/** Runs a piece of work and says what it cost. */
export async function measured<T>(work: () => Promise<T>): Promise<Cost & { readonly result: T }> {
  forgetPeak()
  const cpu = process.cpuUsage()
  const began = performance.now()
  const result = await work()
  const seconds = (performance.now() - began) / 1000
  const { user, system } = process.cpuUsage(cpu)
  return { result, seconds, cpuSeconds: (user + system) / 1e6, peakMegabytes: peakMegabytes() }
}

/** Sets the high-water mark back to what is held now, where the system can. */
function forgetPeak(): void {
  try {
    writeFileSync('/proc/self/clear_refs', '5')
  } catch {
    // Not Linux, or not allowed: the mark is that of the process so far.
  }
}

function peakMegabytes(): number {
  try {
    const kilobytes = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]
    return Math.round(Number(kilobytes) / 1024)
  } catch {
    return Math.round(process.resourceUsage().maxRSS / 1024)
  }
}

/** The middle value; of two middle ones the mean. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}
