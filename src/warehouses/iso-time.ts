/** Microseconds since 1970 → `2025-01-01T11:10:00.000001Z`. */
export function isoTime(micros: bigint): string {
  const within = ((micros % 1_000_000n) + 1_000_000n) % 1_000_000n
  const seconds = (micros - within) / 1_000_000n
  return `${new Date(Number(seconds) * 1000).toISOString().slice(0, -5)}.${String(within).padStart(6, '0')}Z`
}

/** `2025-01-01T11:10:00.000001Z` → microseconds since 1970. */
export function microsOf(iso: string): bigint {
  const match = /^(.{19})(?:\.(\d{1,6}))?Z$/.exec(iso)
  const millis = match ? Date.parse(`${match[1]}Z`) : Number.NaN
  if (Number.isNaN(millis)) throw new TypeError(`Expected a time like 2025-01-01T00:00:00.000000Z, but got: ${iso}`)
  return BigInt(millis) * 1000n + BigInt((match?.[2] ?? '').padEnd(6, '0'))
}
