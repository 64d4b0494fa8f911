import type { Terminal } from './terminal.ts'

/** An option of a command, in the words of `parseArgs`, with what `--help` says. */
export interface CommandOption {
  readonly type: 'string' | 'boolean'
  /** What stands for the value in `--help`: `FILE`. */
  readonly value?: string
  /** May be given more than once; a comma stands between values too. */
  readonly isList?: true
  readonly description: string
}

/** What a command takes before its options. */
export interface Positional {
  /** What stands for it in `--help`: `FILE`, or the words it may be: `list|release`. */
  readonly value: string
  /** The words it may be; any text when left out. */
  readonly choices?: readonly string[]
  /** What it is and that it may be left out; the others are needed. */
  readonly optional?: string
}

type Options = Readonly<Record<string, CommandOption>>

type Value<T extends CommandOption> = T extends { isList: true }
  ? readonly string[]
  : T['type'] extends 'boolean'
    ? boolean
    : string

type Values<O extends Options> = { readonly [K in keyof O]?: Value<O[K]> }

/** One command: what it is for, what it takes, and what it does. */
export interface Command<O extends Options = Options> {
  readonly summary: string
  /** What it takes before its options, the needed before the optional. */
  readonly positionals?: readonly Positional[]
  readonly options: O
  /** Returns an exit code; exit-codes.ts lists them. */
  run(values: Values<O>, terminal: Terminal, positionals: readonly string[]): Promise<number>
}

/** Returns its argument: it exists so that `values` is typed from `options`. */
export const defineCommand = <const O extends Options>(command: Command<O>): Command<O> => command

/** Options that several commands have. */
export const common = {
  config: {
    type: 'string',
    value: 'FILE',
    description: 'Configuration file. By default tributary.config.ts, .js, .mjs or .json of the working folder.',
  },
  quiet: { type: 'boolean', description: 'Say nothing unless something is wrong.' },
} as const satisfies Options

export const port = {
  type: 'string',
  value: 'N',
  description: 'Port to listen on, instead of the configured one; 0 for any that is free.',
} as const satisfies CommandOption
