import { day, type Period, progress } from './calendar.ts'
import { makeColleague, type Pace, workOf } from './colleagues.ts'
import type { Journey } from './journeys.ts'
import { companyOf, isBesideColleague, type Person } from './people.ts'
import type { Random } from './random.ts'
import { addRoutine, type Routine } from './routine.ts'
import { planOf } from './sales.ts'
import type { Role, Seat, Seated } from './seats.ts'
import { bigButton } from './site.ts'
import type { Action } from './visits.ts'

/**
 * Whoever signed up, with the colleagues they bring. Most are alone, who pays brings more, and who administrates is not
 * always who signed up: so an account may be in use while no administrator ever comes.
 */
export function withTeam(founder: Journey, period: Period): readonly Seated[] {
  const { person, signedUpAt } = founder
  // Beside a colleague, who may have a team already.
  if (signedUpAt === null || isBesideColleague(person)) return [alone(founder)]
  const { random } = person
  const until = endOfAccount(founder, signedUpAt, period)
  const routine = chooseRoutine(founder, signedUpAt, until, period)
  // Nobody works with it every day all alone.
  const atLeast = routine === null ? 0 : random.whole(2, 5)
  const size = Math.min(Math.max(teamSize(random, planOf(founder)), atLeast), Number(companyOf(person).employees) - 1)
  const isHandedOver = routine === null && size > 0 && random.chance(0.45)

  const invited = Array.from({ length: size }, (_, i): Seated | null => {
    const role = i > 0 || !isHandedOver ? roleOf(random, i, size) : 'admin'
    const pace = i === 0 && isHandedOver ? random.pick(pacesOfOwners) : random.pick(paces[role])
    const invitedAt = invitation(random, signedUpAt, until)
    if (invitedAt >= Math.min(until, period.lastStart)) return null
    const colleague = makeColleague(person, i + 2)
    return {
      journey: workOf(colleague, period, { invitedAt, until, pace }),
      seat: seatOf(colleague, role, invitedAt),
    }
  })
  const colleagues = invited.filter((seated) => seated !== null)
  // Nobody took it over when the account was closed before they came.
  const isMember = isHandedOver && colleagues.some(({ seat }) => seat?.role === 'admin')
  const first: Seated = { journey: founder, seat: seatOf(person, isMember ? 'member' : 'admin', signedUpAt) }
  const team = [first, ...colleagues]
  return addRoutine(withServerPresses(team, period, until), period, routine)
}

/** At most an account of one. Those of the shared devices are, as their visits must stay as they are. */
export function alone(journey: Journey): Seated {
  const { person, signedUpAt } = journey
  return { journey, seat: signedUpAt === null ? null : seatOf(person, 'admin', signedUpAt) }
}

function seatOf({ companyId, userId }: Person, role: Role, joinedAt: number): Seat {
  return { companyId, userId, role, joinedAt: Math.floor(joinedAt) }
}

/** Trials end within weeks. Whoever pays stays until a renewal fails to come; with a single order they paid for a year. */
function endOfAccount({ person, sales }: Journey, signedUpAt: number, period: Period): number {
  const last = sales.at(-1)
  if (last === undefined) return signedUpAt + (3 + person.random.exponential(20)) * day
  return sales.length === 1 || last.at > period.lastStart - 31 * day ? period.end : last.at + 30 * day
}

/** How many colleagues: most accounts are small, a few are whole departments. */
function teamSize(random: Random, plan: string | null): number {
  switch (plan) {
    case null:
      return random.chance(0.2) ? random.whole(1, 2) : 0
    case 'starter':
      return random.pick([0, 0, 1, 1, 2, 3])
    case 'team':
      return 1 + Math.min(10, Math.floor(random.exponential(2.2)))
    default:
      return 3 + Math.min(14, Math.floor(random.exponential(4.5)))
  }
}

/** Many larger teams have another administrator. */
function roleOf(random: Random, index: number, size: number): Role {
  if (index === 0 && size >= 3 && random.chance(0.5)) return 'admin'
  return random.chance(0.7) ? 'member' : 'viewer'
}

const paces: Readonly<Record<Role, readonly Pace[]>> = {
  admin: ['often', 'often', 'rarely'],
  member: ['often', 'often', 'rarely', 'rarely', 'rarely', 'rarely', 'never'],
  viewer: ['rarely', 'rarely', 'rarely', 'never'],
}

/** Of those the account was handed over to: somebody in IT, who has other things to do. */
const pacesOfOwners: readonly Pace[] = ['never', 'never', 'never', 'rarely', 'rarely']

/** Most are asked in soon, some join the company years after the product did. */
function invitation(random: Random, signedUpAt: number, until: number): number {
  if (random.chance(0.3)) return random.between(signedUpAt + day, until)
  return signedUpAt + (0.1 + random.exponential(12)) * day
}

/**
 * Who works with the product every day: some of those who pay, and more of the first ones, so that there are a few early
 * in the year as well.
 */
function chooseRoutine(founder: Journey, signedUpAt: number, until: number, period: Period): Routine | null {
  const { random } = founder.person
  const paidAt = founder.sales[0]?.at
  if (paidAt === undefined || !random.chance(progress(period, signedUpAt) < 0.17 ? 0.25 : 0.04)) return null
  return {
    days: random.weighted(['weekdays', 'allDays', 'mostWeekdays'] as const, (d) => routineWeights[d]),
    from: paidAt + day,
    until,
  }
}

const routineWeights = { weekdays: 5, allDays: 2, mostWeekdays: 2 }

/** A few who press the button have a script that does, too: its events come from a server, on any day. */
function withServerPresses(team: readonly Seated[], period: Period, until: number): readonly Seated[] {
  const [first, ...rest] = team
  const { journey } = first!
  const { person, sales } = journey
  if (person.pressRate === 0 || sales.length === 0 || !person.random.chance(0.25)) return team
  const presses: Action[] = []
  for (let at = sales[0]!.at; at < Math.min(until, period.lastStart); at += (4 + person.random.exponential(10)) * day)
    presses.push({
      type: 'track',
      at: Math.floor(at),
      userId: person.userId,
      event: bigButton,
      properties: { from: 'api' },
    })
  return [{ ...first!, journey: { ...journey, serverActions: [...journey.serverActions, ...presses] } }, ...rest]
}
