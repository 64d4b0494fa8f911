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

/** What every request says about the language, encoded once: it is longer than most statements. */
export interface Language {
  /** For `EvaluateQuery` and `EvaluateModify`. */
  readonly evaluate: Buffer
  /** For `Analyze`. */
  readonly analyze: Buffer
}

/** GoogleSQL as BigQuery speaks it. */
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
  return {
    evaluate: encode('EvaluateQuery', { options, simpleCatalog }),
    analyze: encode('Analyze', { options: { ...options, pruneUnusedColumns: true }, simpleCatalog }),
  }
}
