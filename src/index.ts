/** The public API of tributary. */
export type { Config } from './config/config.ts'
export { defineConfig, env } from './config/define-config.ts'
export type {
  ChannelConditionsInput,
  ChannelRuleInput,
  CompaniesInput,
  ConfigInput,
  ConversionInput,
  EnvVariable,
  EventsInput,
  ExcludeInput,
  HistoryInput,
  IdentityInput,
  LimitsInput,
  LogInput,
  MembersInput,
  ProductDatabaseInput,
  ServerInput,
  SessionsInput,
  SourceInput,
  WarehouseInput,
} from './config/options.ts'
export { readConfig } from './config/read.ts'
export type { ErrorCode } from './errors.ts'
export { ConfigError, InputError, QueryError, TributaryError } from './errors.ts'
