/**
 * Chance that repeats: the same labels give the same sequence on every machine.
 *
 * sfc32 rather than a 32-bit generator: the demo forks one sequence per person, and with only 2^32 states some of
 * them would run into each other and hand out the same ids.
 */
export class Random {
  #a: number
  #b: number
  #c: number
  #d = 1

  constructor(...labels: readonly (string | number)[]) {
    const text = labels.join('/')
    this.#a = hash(text, 0x9e3779b9)
    this.#b = hash(text, 0x243f6a88)
    this.#c = hash(text, 0xb7e15162)
    for (let i = 0; i < 12; i++) this.next()
  }

  /** A number in [0, 1). */
  next(): number {
    return this.#bits() / 0x1_0000_0000
  }

  chance(probability: number): boolean {
    return this.next() < probability
  }

  between(low: number, high: number): number {
    return low + this.next() * (high - low)
  }

  /** A whole number from `low` to `high`, both included. */
  whole(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1))
  }

  /** Mostly small, sometimes large: waits, gaps, counts. */
  exponential(mean: number): number {
    return -mean * Math.log(1 - this.next())
  }

  pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.next() * items.length)]!
  }

  weighted<T>(items: readonly T[], weight: (item: T) => number): T {
    const weights = items.map(weight)
    let left = this.next() * weights.reduce((sum, w) => sum + w, 0)
    const index = weights.findIndex((w) => {
      left -= w
      return left < 0
    })
    return items[index < 0 ? items.length - 1 : index]!
  }

  hex(digits: number): string {
    let text = ''
    while (text.length < digits) text += this.#bits().toString(16).padStart(8, '0')
    return text.slice(0, digits)
  }

  uuid(): string {
    const hex = this.hex(30)
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(12, 15)}-a${hex.slice(15, 18)}-${hex.slice(18)}`
  }

  #bits(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#d) | 0
    this.#d = (this.#d + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0
    return sum >>> 0
  }
}

/** FNV-1a with a last stir, so that neighbouring labels do not give neighbouring states. */
function hash(text: string, basis: number): number {
  let h = basis
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  return h ^ (h >>> 13)
}
