import { notBuilt } from './errors.ts'
import { type StatementText, statementsOf } from './lexer.ts'

/** `declare name default expression`. */
export const isDeclaration = ({ tokens }: StatementText): boolean => tokens[0]!.text === 'DECLARE'

/** Some declarations as one query of their expressions. */
export function defaultsOf(declarations: readonly StatementText[]): StatementText {
  const expressions = declarations.map(({ sql, tokens }) => {
    const [, , word] = tokens
    if (word?.text !== 'DEFAULT') throw notBuilt('variables without a default')
    return sql.slice(word.end)
  })
  return statementsOf(`select ${expressions.map((e, i) => `${e} as v${i}`).join(', ')}`)[0]!
}

/** Declarations in turn, those together that know nothing of each other. */
export function groupsOf(declarations: readonly StatementText[]): StatementText[][] {
  const groups: StatementText[][] = []
  for (const statement of declarations) {
    const names = new Set(groups.at(-1)?.map((s) => s.tokens[1]!.text))
    const isFree = names.size > 0 && !statement.tokens.some((t) => names.has(t.text))
    if (isFree) groups.at(-1)!.push(statement)
    else groups.push([statement])
  }
  return groups
}

/** The name of the variable. */
export const nameOf = ({ sql, tokens }: StatementText): string => sql.slice(tokens[1]!.start, tokens[1]!.end)
