import type { Command } from './command.ts'

/** Every command, in the order `--help` shows them. A command's own file is loaded when it is called. */
export const commands: Readonly<Record<string, () => Promise<Command>>> = {
  demo: async () => (await import('./demo.ts')).demo as Command,
  init: async () => (await import('./init.ts')).init as Command,
  check: async () => (await import('./check.ts')).check as Command,
  run: async () => (await import('./run.ts')).run as Command,
  rebuild: async () => (await import('./rebuild.ts')).rebuild as Command,
  serve: async () => (await import('./serve.ts')).serve as Command,
  quarantine: async () => (await import('./quarantine.ts')).quarantine as Command,
  import: async () => (await import('./import.ts')).importFile as Command,
  sql: async () => (await import('./sql.ts')).sql as Command,
  status: async () => (await import('./status.ts')).status as Command,
}
