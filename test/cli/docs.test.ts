import { readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { commands } from '../../src/cli/commands.ts'
import { helpFor, helpForAll } from '../../src/cli/help.ts'

/** The help in docs/commands.md is printed by the commands. When it changes: `npx vitest run test/cli/docs.test.ts -u`. */
it('docs/commands.md has the help of every command', async () => {
  const docs = await readFile('docs/commands.md', 'utf8')
  const helps = await Promise.all(Object.entries(commands).map(async ([name, load]) => helpFor(name, await load())))
  const printed = [await helpForAll(), ...helps].map((help) => `\`\`\`text\n${help}\n\`\`\`\n`).join('\n')
  const expected = docs.replace(/(?<=<!-- help -->\n)[\s\S]*(?=<!-- \/help -->)/, () => `\n${printed}\n`)
  await expect(expected).toMatchFileSnapshot('../../docs/commands.md')
})
