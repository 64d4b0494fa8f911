/** The public API of tributary. */
export type { Config } from './config/config.ts'
export { defineConfig, env } from './config/define-config.ts'
export type {
  ChannelConditionsInput,
  ChannelRuleInput,
  ConfigInput,
  ConversionInput,
  EnvVariable,
  EventsInput,
  ExcludeInput,
  HistoryInput,
  IdentityInput,
  LimitsInput,
  LogInput,
  ServerInput,
  SessionsInput,
  SourceInput,
  WarehouseInput,
} from './config/options.ts'
export type { CompaniesInput, MembersInput, ProductDatabaseInput } from './config/product-options.ts'
export { readConfig } from './config/read.ts'
export type { ErrorCode } from './errors.ts'
export { ConfigError, InputError, QueryError, TributaryError } from './errors.ts'
