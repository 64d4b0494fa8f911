import type { Suggestions } from '../check/suggest.ts'
import * as is from '../config/leaves.ts'
import type { FirstConfig } from './config-text.ts'
import { guessEvents, siteFrom } from './first-guesses.ts'
import type { Questions } from './questions.ts'

/** What the command line says; the rest is asked or guessed. Paths from the working folder. */
export interface Given {
  readonly events?: string
  readonly warehouse?: string
  readonly sites?: readonly string[]
  readonly signups?: readonly string[]
}

/** Looks at the events of a path. */
export type Look = (path: string) => Promise<Suggestions>

const WAREHOUSE = 'warehouse.duckdb'

/** Everything that is not given from a look at the events, with what there is to say about it. */
export async function chooseFirst(given: Given, look: Look): Promise<{ first: FirstConfig; notes: readonly string[] }> {
  const events = given.events ?? (await guessEvents(process.cwd()))
  const found = await look(events)
  const sites = given.sites ?? found.sites.map(({ value }) => value)
  const signups = given.signups ?? likely(found)
  return {
    first: { events, warehouse: given.warehouse ?? WAREHOUSE, sites, signups },
    notes: [
      `Events   ${events}: ${foundAt(found)}`,
      `Sites    ${sites.join(', ') || 'none found in the events; fill in `sites`'}`,
      `Signup   ${signups.join(', ') || 'no name found in the events; the default ones'}`,
    ],
  }
}

/** Asks for what is not given, and suggests what the events show. */
export async function askFirst(given: Given, questions: Questions, look: Look): Promise<FirstConfig> {
  questions.say('A first configuration. Enter takes what stands in brackets; everything can be changed in the file.\n')
  const warehouse = given.warehouse ?? (await questions.ask('Database file, made by the first run', WAREHOUSE))
  const { events, found } = await askEvents(given, questions, look)
  questions.say(`  ${foundAt(found)}`)
  const sites = given.sites ?? (await askSites(questions, found))
  const signups = given.signups ?? (await askSignups(questions, found))
  questions.say('')
  return { events, warehouse, sites, signups }
}

/** A path where nothing is may be meant all the same: it is taken when it is given twice. */
async function askEvents(given: Given, questions: Questions, look: Look) {
  let usual = await guessEvents(process.cwd())
  let events = given.events ?? (await questions.ask('Events: a file, a folder or a glob', usual))
  let found = await look(events)
  while (given.events === undefined && found.messages === 0 && events !== usual) {
    questions.say(`  ${foundAt(found)}`)
    usual = events
    events = await questions.ask('Events, or Enter to take it all the same', usual)
    found = await look(events)
  }
  return { events, found }
}

async function askSites(questions: Questions, { sites }: Suggestions): Promise<readonly string[]> {
  const usual = sites.map(({ value }) => value).join(', ')
  const answer = await questions.ask('Your own hosts, with a comma between them', usual, async (text) => {
    const wrong = listOf(text)
      .map(siteFrom)
      .find((site) => !is.host.safeParse(site).success)
    return wrong === undefined ? null : `Expected hosts such as acme.com, but got \`${wrong}\`.`
  })
  return listOf(answer).map(siteFrom)
}

async function askSignups(questions: Questions, found: Suggestions): Promise<readonly string[]> {
  if (found.signups.length > 0)
    questions.say(
      `  Events that sound like a signup: ${found.signups
        .slice(0, 5)
        .map(({ value, count }) => `${value} (${count})`)
        .join(', ')}`,
    )
  const usual = likely(found).join(', ')
  const question =
    usual === ''
      ? 'Name of the event with which people sign up (Enter: the usual names)'
      : 'Event with which people sign up'
  const answer = await questions.ask(question, usual, async (text) => {
    const wrong = listOf(text).find((name) => !is.eventName.safeParse(name).success)
    return wrong === undefined ? null : `Expected the name of an event, but got \`${wrong}\`.`
  })
  return listOf(answer)
}

/** The likeliest only: a wrong signup costs more than a missing one. */
const likely = ({ signups }: Suggestions) => signups.slice(0, 1).map(({ value }) => value)

const foundAt = ({ facts, messages }: Suggestions) =>
  messages === 0 ? `${facts}; no message that can be used` : `${facts}; ${messages} messages looked at`

const listOf = (text: string) =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
