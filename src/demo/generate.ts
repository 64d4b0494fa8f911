import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { InputError } from '../errors.ts'
import { deliverBroken } from './broken.ts'
import { hour, type Period, yearEnding } from './calendar.ts'
import { direct } from './campaigns.ts'
import type { ProductTruth } from './company-truth.ts'
import { deliverServerAction, deliverVisit, type Mailbox } from './delivery.ts'
import { makeBot } from './devices.ts'
import { makeJourney } from './journeys.ts'
import { makePerson } from './people.ts'
import { ProductKeeper } from './product.ts'
import { Random } from './random.ts'
import type { Seated } from './seats.ts'
import { makeConfusedPair, makeKiosk, makePair, type NextPerson } from './sharing.ts'
import { Spill } from './spill.ts'
import { alone, withTeam } from './teams.ts'
import { type PersonTruth, type Totals, TruthKeeper } from './truth.ts'
import { Sitting } from './visits.ts'
import { replaceFile } from './write.ts'

export interface DemoOptions {
  /** About how many people come by; 4,500 make some 74,000 events. */
  readonly people?: number
  readonly seed?: number
  /** The last day of the year that is told, YYYY-MM-DD. */
  readonly end?: string
}

/** The content of `ground-truth.json`. */
export interface GroundTruth {
  readonly seed: number
  readonly from: string
  readonly to: string
  /** Names inside the events folder. */
  readonly files: readonly string[]
  readonly totals: Totals
  readonly companies: ProductTruth
  readonly people: readonly PersonTruth[]
}

export interface DemoSummary {
  /** What a source points at: it holds events and nothing else. */
  readonly eventsFolder: string
  /** Tables of the product database, as CSV. */
  readonly productFolder: string
  readonly truthFile: string
  readonly files: readonly string[]
  /** How many of the files were new or changed. */
  readonly filesWritten: number
  readonly totals: Totals
}

/**
 * Writes a year of Acme's events, one packed file a month, and what is true about them. The same options give the same
 * content, and what is there already is left alone.
 */
export async function writeDemo(folder: string, options: DemoOptions = {}): Promise<DemoSummary> {
  const { people = 4500, seed = 1, end = '2025-12-31' } = options
  if (!Number.isInteger(people) || people < 1)
    throw new InputError(`Expected a whole number of people above 0, but got ${people}.`)
  const period = yearEnding(end)
  const eventsFolder = join(folder, 'events')
  const productFolder = join(folder, 'product')
  const truthFile = join(folder, 'ground-truth.json')
  await mkdir(eventsFolder, { recursive: true })
  await mkdir(productFolder, { recursive: true })
  // Beside the events, on the same disk: a finished file is renamed into place.
  const scratch = await mkdtemp(join(folder, '.scratch-'))
  try {
    const spill = await Spill.in(join(scratch, 'months'))
    const product = new ProductKeeper()
    const truth = makeEvents(seed, period, people, spill, product)
    const files = spill.months.map((month) => `${month}.jsonl.gz`)
    let filesWritten = 0
    for (const [i, month] of spill.months.entries()) {
      if (await replaceFile(join(eventsFolder, files[i]!), await spill.read(month), scratch)) filesWritten++
    }
    const ofProduct = await product.write(productFolder, scratch)
    filesWritten += ofProduct.written
    await removeEarlierDemo(eventsFolder, truthFile, files)
    const totals = truth.totals()
    const content: GroundTruth = {
      seed,
      from: iso(period.start),
      to: iso(period.end),
      files,
      totals,
      companies: ofProduct.truth,
      people: truth.people,
    }
    if (await replaceFile(truthFile, `${JSON.stringify(content, null, 1)}\n`, scratch)) filesWritten++
    return { eventsFolder, productFolder, truthFile, files, filesWritten, totals }
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
}

function makeEvents(seed: number, period: Period, people: number, spill: Spill, product: ProductKeeper): TruthKeeper {
  const truth = new TruthKeeper()
  const mailbox: Mailbox = (delivered) => {
    truth.noteLine(delivered)
    spill.add(delivered.receivedAt, delivered.line)
  }
  for (const seated of makeJourneys(seed, period, people)) {
    const { journey } = seated
    const random = new Random(seed, 'delivery', journey.person.userId)
    for (const visit of journey.visits) deliverVisit(random, period, visit, journey.person, mailbox)
    for (const action of journey.serverActions) deliverServerAction(random, period, action, mailbox)
    truth.noteJourney(journey)
    product.note(seated)
  }
  truth.noteBot(deliverBots(new Random(seed, 'bots'), period, Math.round(people * 0.38), mailbox))
  deliverBroken(period, mailbox)
  return truth
}

/** Everybody, one after the other. The shared devices only appear in a crowd: they shall stay exceptions. */
function* makeJourneys(seed: number, period: Period, people: number): Generator<Seated> {
  let number = 0
  const nextPerson: NextPerson = () => {
    number++
    return makePerson(new Random(seed, 'person', number), number)
  }
  if (people >= 2000) {
    for (let i = 0; i < 6; i++) yield* makePair(nextPerson, period).map(alone)
    yield* makeConfusedPair(nextPerson, period).map(alone)
    yield* makeKiosk(nextPerson, period).map(alone)
  }
  for (let i = 0; i < people; i++) yield* withTeam(makeJourney(nextPerson(), period), period)
}

/** Crawlers: one page at a time, on any day. Returns how many messages they caused. */
function deliverBots(random: Random, period: Period, count: number, mailbox: Mailbox): number {
  const crawled = { ...direct, arrival: { ...direct.arrival, landings: ['blog', 'docs', 'home'] as const } }
  for (let i = 0; i < count; i++) {
    const at = Math.floor(random.between(period.start + hour, period.lastStart))
    const sitting = new Sitting(random, makeBot(random), at, null)
    sitting.arrive(crawled)
    deliverVisit(random, period, sitting.end(), null, mailbox)
  }
  return count
}

/** A demo made with other options may have left months that this one does not have. Only its own files are removed. */
async function removeEarlierDemo(eventsFolder: string, truthFile: string, files: readonly string[]): Promise<void> {
  for (const name of await filesOfEarlierDemo(truthFile)) {
    if (/^\d{4}-\d{2}\.jsonl\.gz$/.test(name) && !files.includes(name))
      await rm(join(eventsFolder, name), { force: true })
  }
}

async function filesOfEarlierDemo(truthFile: string): Promise<readonly string[]> {
  try {
    const truth: Partial<GroundTruth> = JSON.parse(await readFile(truthFile, 'utf8'))
    return truth.files ?? []
  } catch {
    return []
  }
}

function iso(at: number): string {
  return new Date(at).toISOString()
}
