import type { Config } from '../config/config.ts'
import type { OpenProduct } from '../pipeline/companies/product-source.ts'

/** How the pipeline opens the product database of a configuration; its driver is loaded only then. */
export function productOf({ productUrl }: Pick<Config, 'productUrl'>): { openProduct?: OpenProduct } {
  if (productUrl === null) return {}
  return {
    openProduct: async (signal) => {
      const { openProductPostgres } = await import('../warehouses/product-postgres.ts')
      return openProductPostgres(productUrl, signal)
    },
  }
}
