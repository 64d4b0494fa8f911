import type { ConversionOptions } from '../../src/pipeline/options.ts'
import { minorDigits } from './currencies.ts'
import { JsonNumber, textOf } from './json.ts'
import { textOrNull } from './url.ts'

/** An amount in minor units with its currency; or neither, and why. */
interface Money {
  value: bigint | null
  currency: string | null
  valueProblem: 'NOT_A_NUMBER' | 'OUT_OF_RANGE' | 'UNKNOWN_CURRENCY' | null
}

const NOTHING: Money = { value: null, currency: null, valueProblem: null }

/** What an event's properties say the conversion is worth. Without a value there is no currency either. */
export function moneyOf(properties: Record<string, unknown>, options: ConversionOptions): Money {
  if (options.value === null) return NOTHING
  const delivered = properties[options.value]
  const text = propertyText(delivered)
  if (text === null) return NOTHING

  // Written with one digit before the point, as JSON writes it: next to nothing is 0, and more than a value can be is too much.
  const power = /^[+-]?[0-9](?:[.][0-9]*)?e([+-]?[0-9]+)$/i.exec(text)
  const exponent = Number(power?.[1] ?? 0)
  if (exponent >= 15) return { ...NOTHING, valueProblem: 'OUT_OF_RANGE' }
  const amount = exponent <= -7 ? ['', '', '0', ''] : /^([+-]?)([0-9]*)(?:[.]([0-9]*))?$/.exec(text)
  const [, sign = '', whole = '', fraction = ''] = amount ?? []
  if (amount === null || whole + fraction === '') return { ...NOTHING, valueProblem: 'NOT_A_NUMBER' }
  if (whole.length > 15 || fraction.length > 18) return { ...NOTHING, valueProblem: 'OUT_OF_RANGE' }

  const named = options.currency === null ? null : propertyText(properties[options.currency])
  const currency = (named ?? options.defaultCurrency).toUpperCase()
  const digits = minorDigits(currency)
  if (digits === null) return { ...NOTHING, valueProblem: 'UNKNOWN_CURRENCY' }

  const size = roundHalfUp(whole, fraction, digits)
  return { value: sign === '-' ? -size : size, currency, valueProblem: null }
}

/** Rounds the size of a number: half goes up, which with the sign put back is away from zero. */
function roundHalfUp(whole: string, fraction: string, digits: number): bigint {
  const kept = BigInt(whole + fraction.slice(0, digits).padEnd(digits, '0'))
  const next = fraction.charAt(digits)
  return next >= '5' ? kept + 1n : kept
}

/** Trimmed text of a property; null when absent or empty. Booleans, lists and objects are text that is no number. */
function propertyText(value: unknown): string | null {
  if (value === undefined || value === null) return null
  // A JSON number with an exponent is the number it stands for.
  if (value instanceof JsonNumber && /e/i.test(value.text)) return String(Number(value.text))
  if (typeof value === 'string' || value instanceof JsonNumber) return textOrNull(textOf(value) ?? '')
  return JSON.stringify(value)
}
