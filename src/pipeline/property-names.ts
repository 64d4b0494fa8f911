import type { JsonPath } from '../warehouses/dialect.ts'

/** `orderTotal` and `order.total` → `order_total`: what a loader calls the column of a property. */
export function columnOf(property: string): string {
  return property
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1_$2')
    .replace(/[^A-Za-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '')
    .toLowerCase()
}

/** Where a property may stand in a document, in the order to look: along its path, or under the name of its column. */
export function propertyPaths(property: string): readonly JsonPath[] {
  const path = property.split('.')
  const column = columnOf(property)
  return column === '' || (path.length === 1 && path[0] === column) ? [path] : [path, [column]]
}
