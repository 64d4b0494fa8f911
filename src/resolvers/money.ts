import { currencyDigits } from '../pipeline/currencies.ts'
import type { RowValue } from '../warehouses/warehouse.ts'

/** Minor units of a currency (ISO 4217) in its major unit: 1999 EUR cents are 19.99. */
export function majorUnits(minor: RowValue | undefined, currency: RowValue | undefined): number | null {
  if (minor === null || minor === undefined) return null
  return Number(minor) / 10 ** (currencyDigits[String(currency)] ?? 2)
}

/** Billionths as a share. */
export function share(billionths: RowValue | undefined): number {
  return Number(billionths ?? 0) / 1e9
}
