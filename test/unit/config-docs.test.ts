import { readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { bucketDefaults, channelRuleDefaults, conversionDefaults, defaults } from '../../src/config/defaults.ts'

/**
 * The list in docs/configuration.md is printed from the comments of src/config/*options.ts and the values of
 * defaults.ts. When one of them changes: `npx vitest run test/unit/config-docs.test.ts -u`.
 */
it('docs/configuration.md lists every option with its default', async () => {
  const docs = await readFile('docs/configuration.md', 'utf8')
  const files = ['options', 'product-options'].map((name) => readFile(`src/config/${name}.ts`, 'utf8'))
  const source = (await Promise.all(files)).join('\n')
  const printed = docs.replace(
    /(?<=<!-- options -->\n)[\s\S]*(?=<!-- \/options -->)/,
    () => `\n${optionsTable(source)}\n`,
  )
  await expect(printed).toMatchFileSnapshot('../../docs/configuration.md')
})

interface Option {
  name: string
  type: string
  description: string
  isNeeded: boolean
}

function optionsTable(source: string): string {
  const rows = listOptions(readInterfaces(source), 'ConfigInput', '')
  expect(rows.length).toBeGreaterThan(50)
  return ['| Option | Default | Meaning |', '|---|---|---|', ...rows].join('\n')
}

/** The properties of each interface with their comments. */
function readInterfaces(source: string): Map<string, Option[]> {
  const interfaces = [...source.matchAll(/export interface (\w+) \{\n([\s\S]*?)\n\}/g)]
  const read = new Map<string, Option[]>(
    interfaces.map(([, name, body]) => [
      name!,
      [...body!.matchAll(/(?:\/\*\* (.+) \*\/\n)? {2}(\w+)(\??): (.+)/g)].map(([, description, option, mark, type]) => {
        if (name !== 'EnvVariable') expect(description, `${name}.${option} has a one-line comment`).toBeTruthy()
        return { name: option!, type: type!, description: description!, isNeeded: mark === '' }
      }),
    ]),
  )
  // One of several: an option that all have is listed once, with what each says of it.
  for (const [, name, members] of source.matchAll(/export type (\w+Input) = ((?:\w+Input(?: \| )?)+)\n/g)) {
    const kinds = members!.split(' | ').map((member) => read.get(member)!)
    const merged = new Map<string, Option>()
    for (const option of kinds.flat()) {
      const isNeeded = kinds.every((kind) => kind.some((o) => o.name === option.name && o.isNeeded))
      const known = merged.get(option.name)?.description
      const description = [known, option.description].filter((d, i) => d && (i === 0 || d !== known)).join(' ')
      merged.set(option.name, { ...option, isNeeded, description })
    }
    read.set(name!, [...merged.values()])
  }
  return read
}

function listOptions(interfaces: Map<string, Option[]>, name: string, prefix: string): string[] {
  return interfaces.get(name)!.flatMap((option) => {
    const path = `${prefix}${option.name}`
    const inner = /^(?:Record<string, )?(\w+Input)(\[\])?/.exec(option.type)?.[1]
    const row = `| \`${path}\` | ${defaultOf(path, option)} | ${option.description.replaceAll('|', '\\|')} |`
    if (!inner || !interfaces.has(inner)) return [row]
    const more = option.type.startsWith('Record') ? '.<name>.' : option.type.endsWith('[]') ? '[].' : '.'
    return [row, ...listOptions(interfaces, inner, `${path}${more}`)]
  })
}

function defaultOf(path: string, option: Option): string {
  if (option.isNeeded) return '*needed*'
  const value = path
    .replace('conversions.<name>', 'conversion')
    .replace('channels[]', 'channelRule')
    .replace('warehouse.bucket', 'bucket')
    .split('.')
    .reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], {
      ...defaults,
      conversion: conversionDefaults,
      channelRule: channelRuleDefaults,
      bucket: bucketDefaults,
    })
  const isGroup = typeof value === 'object' && value !== null && !Array.isArray(value)
  return value === undefined || isGroup ? '' : `\`${JSON.stringify(value)}\``
}
