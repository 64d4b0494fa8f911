import { encode, type Message, type ZetaSql } from './zetasql.ts'

/** What the reference implementation has and BigQuery had not when this build was made: switched off, so that the stand-in is no more lenient. */
const NOT_IN_BIGQUERY = new Set(
  [
    ...['TIMESTAMP_NANOS', 'EXTENDED_TYPES', 'EXPERIMENTAL_MODULES', 'CBRT_FUNCTIONS', 'CHECK_CONSTRAINT'],
    ...['STRATIFIED_RESERVOIR_TABLESAMPLE', 'V_1_1_ARRAY_EQUALITY', 'V_1_2_GROUP_BY_ARRAY', 'V_1_3_ARRAY_ORDERING'],
    ...['V_1_3_ALLOW_SLASH_PATHS', 'V_1_3_WITH_GROUP_ROWS', 'V_1_3_PROTO_MAPS', 'V_1_3_INLINE_LAMBDA_ARGUMENT'],
    ...[
      'V_1_3_ARRAY_GREATEST_LEAST',
      'V_1_3_DML_RETURNING',
      'V_1_3_TYPEOF_FUNCTION',
      'V_1_3_BRACED_PROTO_CONSTRUCTORS',
    ],
    ...['V_1_3_UNNEST_AND_FLATTEN_ARRAYS', 'V_1_4_ARRAY_FIND_FUNCTIONS', 'V_1_4_ARRAY_AGGREGATION_FUNCTIONS'],
    ...['V_1_4_FIRST_AND_LAST_N', 'V_1_4_NULLIFZERO_ZEROIFNULL', 'V_1_4_PI_FUNCTIONS', 'V_1_4_BARE_ARRAY_ACCESS'],
    ...['V_1_4_STRUCT_POSITIONAL_ACCESSOR', 'V_1_4_WITH_EXPRESSION', 'V_1_4_SAFE_FUNCTION_CALL_WITH_LAMBDA_ARGS'],
  ].map((name) => `FEATURE_${name}`),
)
const ADDED = ['FEATURE_INTERVAL_TYPE', 'FEATURE_DISALLOW_GROUP_BY_FLOAT']

/** GoogleSQL as BigQuery speaks it: what every request says about it. */
export interface Language {
  /**
   * For `EvaluateQuery` and `EvaluateModify`. The engine makes its functions anew for each request, which takes longer than
   * most statements: those that a statement names will do, but for a few that the engine puts in by itself.
   */
  evaluate(sql: string, functions: 'named' | 'all'): Buffer
  /** For `Analyze`. */
  readonly analyze: Buffer
}

export async function bigQueryLanguage(engine: ZetaSql): Promise<Language> {
  const all: Message = await engine.call('GetLanguageOptions', { maximumFeatures: true })
  const features = all.enabledLanguageFeatures.filter((name: string) => !NOT_IN_BIGQUERY.has(name))
  const languageOptions = {
    productMode: 'PRODUCT_EXTERNAL',
    nameResolutionMode: 'NAME_RESOLUTION_DEFAULT',
    enabledLanguageFeatures: [...new Set([...features, ...ADDED])],
    supportedStatementKinds: [], // all of them
    reservedKeywords: ['QUALIFY'],
  }
  const options = {
    languageOptions,
    parameterMode: 'PARAMETER_NAMED',
    defaultTimezone: 'UTC',
    preserveColumnAliases: true,
    errorMessageMode: 'ERROR_MESSAGE_ONE_LINE',
  }
  const simpleCatalog = { name: 'bigquery', builtinFunctionOptions: { languageOptions } }
  const whole = encode('EvaluateQuery', { options, simpleCatalog })
  const known = functionsOf(await engine.call('GetBuiltinFunctions', { languageOptions }))
  const encoded = new Map<string, Buffer>()
  return {
    evaluate(sql, functions) {
      if (functions === 'all') return whole
      const names = known.namesIn(sql)
      const key = names.join(' ')
      let bytes = encoded.get(key)
      if (!bytes) {
        const only = { builtinFunctionOptions: { includeFunctionIds: known.ids(names) } }
        bytes = Buffer.concat([whole, encode('EvaluateQuery', { simpleCatalog: only })])
        encoded.set(key, bytes)
      }
      return bytes
    },
    analyze: encode('Analyze', { options: { ...options, pruneUnusedColumns: true }, simpleCatalog }),
  }
}

interface Functions {
  /** Functions whose name is a word of a statement, in text too: one too many does no harm. */
  namesIn(sql: string): string[]
  /** Of these functions, and of all operators. */
  ids(names: readonly string[]): number[]
}

function functionsOf({ function: all }: Message): Functions {
  const operators: number[] = []
  const byName = new Map<string, number[]>()
  for (const { namePath, signature = [], options } of all) {
    const ids = signature.map((s: Message) => Number(s.contextId))
    // `net.host` by its last word.
    for (const name of [namePath.at(-1), options?.aliasName].filter(Boolean)) {
      // The operator `||` is that function.
      if (name.startsWith('$') || name === 'concat') operators.push(...ids)
      else byName.set(name, [...(byName.get(name) ?? []), ...ids])
    }
  }
  return {
    namesIn: (sql) =>
      [...new Set(sql.toLowerCase().match(/[a-z_][a-z0-9_]*/g))].filter((word) => byName.has(word)).sort(),
    ids: (names) => [...operators, ...names.flatMap((name) => byName.get(name)!)],
  }
}
