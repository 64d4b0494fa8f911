/**
 * Kills a run at every statement and looks whether the next one ends in the same tables: `npm run -s kills -- --every 10`.
 * The first run on a fresh file, an increment with withdrawals and merges, and a rebuild. Each statement is a moment just
 * before it; statements that write into the file are one more, while they are carried out. The last line says how many
 * moments were tried and how many of them ended otherwise; those are listed.
 */
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { isDeepStrictEqual, parseArgs } from 'node:util'
import { makeFolder, removeFolder } from './folder.ts'
import type { KillAt } from './kill-at.ts'
import { changesOf, contentsOf, DATABASE, placeIn, runIn, writeEvents } from './kill-world.ts'

const { values } = parseArgs({
  options: { every: { type: 'string' }, at: { type: 'string' }, only: { type: 'string' } },
})
const every = Number(values.every ?? 1)
const atATime = Number(values.at ?? 2)
if (![every, atATime].every((n) => Number.isSafeInteger(n) && n >= 1)) {
  console.error('Expected --every and --at (how many at a time) to be whole numbers from 1.')
  process.exit(2)
}

/** What writes into the database file; the rest reads, or writes staging tables, which are in memory. */
const WRITES =
  /^(begin|commit|checkpoint|append to user_agents|(create (table|schema|or replace view)|insert into|update|delete from) (?!.*staging\.main\.[^ ]+ \())/i

const folder = await makeFolder()
await writeEvents(folder)
const began = Date.now()
const wrong: string[] = []
const totals = { moments: 0, statements: 0 }

/** One kind of run: where it begins, and what it ends in undisturbed. */
async function tryAll(name: string, events: string, from: string | undefined, kind: 'run' | 'rebuild'): Promise<void> {
  const like = await placeIn(folder, name, events, from)
  const list = join(folder, `${name}.json`)
  const ended = await runIn(like, { list, kind, hasLongLog: true })
  if (ended.code !== 0) throw new Error(`The undisturbed run failed: ${ended.err}`)
  const texts = JSON.parse(await readFile(list, 'utf8')) as string[]
  const wanted = await contentsOf(like)
  const before = from ? await contentsOf(join(from, '..')) : undefined
  const changes = name === 'increment' ? `, which closed ${JSON.stringify(await changesOf(like))}` : ''
  console.error(`${name}: ${texts.length} statements${changes}`)

  const moments = texts.flatMap((text, i): { i: number; kill: KillAt; text: string }[] => {
    const moment = (when: KillAt['when']) => ({ i, kill: { text: '', nth: i + 1, when }, text })
    const isLast = i === texts.length - 1
    return [moment('before'), ...(WRITES.test(text) ? [moment('during')] : []), ...(isLast ? [moment('after')] : [])]
  })
  const chosen = moments.filter((_, i) => i % every === 0)
  totals.statements += texts.length
  totals.moments += chosen.length

  let next = 0
  const worker = async () => {
    for (let m = next++; m < chosen.length; m = next++) {
      const { i, kill, text } = chosen[m]!
      const what = `${name}, ${kill.when} statement ${i + 1}: ${text.replace(/\s+/g, ' ').slice(0, 90)}`
      const where = await placeIn(folder, `${name}-${m}`, events, from)
      const complain = (problem: string) => wrong.push(`${what}: ${problem}`)
      const killed = await runIn(where, { kill, kind, hasLongLog: true })
      if (killed.signal !== 'SIGKILL' && kill.when !== 'during')
        complain(`was not killed: ${killed.code} ${killed.err}`)
      // Most are left as it is: to look is to open, which alone would mend the file.
      if (before && m % 4 === 0) {
        const { views } = await contentsOf(where)
        const isEither = [before.views, wanted.views].some((either) => isDeepStrictEqual(views, either))
        if (!isEither) complain('readers saw something else after the kill')
      }
      const after = await contentsOf(where, kind).catch((error) => complain(`the next run failed: ${error}`))
      if (typeof after === 'object' && !isDeepStrictEqual(after, wanted)) complain('the next run ended in other tables')
      await rm(where, { recursive: true })
      if ((m + 1) % 50 === 0)
        console.error(`${name}: ${m + 1} of ${chosen.length}, ${seconds()} s, ${wrong.length} wrong`)
    }
  }
  await Promise.all(Array.from({ length: atATime }, worker))
}

const seconds = () => Math.round((Date.now() - began) / 1000)

try {
  const base = await placeIn(folder, 'undisturbed', 'base')
  await runIn(base)
  const wants = (name: string) => values.only === undefined || values.only === name
  if (wants('first')) await tryAll('first', 'all', undefined, 'run')
  if (wants('increment')) await tryAll('increment', 'all', join(base, DATABASE), 'run')
  if (wants('rebuild')) {
    const done = await placeIn(folder, 'done', 'all', join(base, DATABASE))
    await runIn(done)
    await tryAll('rebuild', 'all', join(done, DATABASE), 'rebuild')
  }
} finally {
  await removeFolder(folder)
}
for (const line of wrong) console.log(line)
console.log(
  `${totals.moments} kills over ${totals.statements} statements, ${wrong.length} with another outcome (${seconds()} s)`,
)
process.exitCode = wrong.length === 0 ? 0 : 1
