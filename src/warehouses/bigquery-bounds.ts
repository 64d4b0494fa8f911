/** The least or largest value of a column of a staging table: the pipeline bounds what it reads of history by these. */
const BOUND = /\(select (?:min|max)\(`?\w+`?\) from `[^`]*_staging\.[^`]+`(?: where \w+ = \d+)?\)/g

/**
 * A statement with its bounds as variables, which are computed before it. BigQuery leaves out partitions by values that it
 * knows when it plans: a literal or a variable of the script, not a subquery beside the column.
 */
export function withBounds(text: string): { declarations: string[]; text: string } {
  const names = new Map<string, string>()
  const bounded = text.replace(BOUND, (subquery) => {
    const name = names.get(subquery) ?? `bound_${names.size + 1}`
    names.set(subquery, name)
    return name
  })
  return { declarations: [...names].map(([subquery, name]) => `declare ${name} default ${subquery};`), text: bounded }
}

/** The statement as a script of its own. */
export function scriptOf(text: string): string {
  const bounded = withBounds(text)
  return [...bounded.declarations, bounded.text].join('\n')
}
