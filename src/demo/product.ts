import { join } from 'node:path'
import { CompanyTruthKeeper, type ProductTruth } from './company-truth.ts'
import { companyOf } from './people.ts'
import { planOf } from './sales.ts'
import type { Seat, Seated } from './seats.ts'
import { replaceFile } from './write.ts'

/** What whoever signed up tells about their company. */
interface Founder {
  readonly userId: string
  readonly companyId: string
  readonly number: number
  readonly signedUpAt: number
  /** Null when they never bought. */
  readonly plan: string | null
  readonly paidAt: number | null
  readonly employees: number
}

const INDUSTRIES = ['software', 'retail', 'law', 'health', 'education', 'logistics', 'media']

/** Keeps who has an account, and writes the tables that Acme's product would have of them. */
export class ProductKeeper {
  readonly #founders: Founder[] = []
  readonly #seats: Seat[] = []
  readonly #truth = new CompanyTruthKeeper()

  note({ journey, seat }: Seated): void {
    if (seat === null) return
    this.#seats.push(seat)
    this.#truth.noteJourney(journey)
    const { person, signedUpAt, sales } = journey
    if (signedUpAt === null) return
    this.#founders.push({
      userId: person.userId,
      companyId: person.companyId,
      number: person.number,
      signedUpAt,
      plan: planOf(journey),
      paidAt: sales[0]?.at ?? null,
      employees: Number(companyOf(person).employees),
    })
  }

  /** Writes `companies.csv` and `company_people.csv`; returns how many of them were new or changed. */
  async write(folder: string, scratch: string): Promise<{ written: number; truth: ProductTruth }> {
    const companies = [...Map.groupBy(this.#founders, (f) => f.companyId)]
      .map(([id, founders]) => ({ id, founders: founders.toSorted((a, b) => a.signedUpAt - b.signedUpAt) }))
      .sort((a, b) => (a.id < b.id ? -1 : 1))
    const rows = companies.map(({ id, founders }) => {
      const paying = founders.filter((f) => f.paidAt !== null).sort((a, b) => a.paidAt! - b.paidAt!)
      const number = Number(id.slice(-5))
      return [
        id,
        paying.at(-1)?.plan ?? 'free',
        iso(founders[0]!.signedUpAt),
        paying[0] ? iso(paying[0].paidAt!) : '',
        INDUSTRIES[number % INDUSTRIES.length]!,
        String(founders[0]!.employees),
      ]
    })
    const own = this.#seats.toSorted((a, b) =>
      a.companyId < b.companyId ? -1 : a.companyId > b.companyId ? 1 : a.joinedAt - b.joinedAt,
    )
    const seats = [...own, ...this.#consultants()]
    const files = {
      'companies.csv': csv(['id', 'plan', 'created_at', 'paid_at', 'industry', 'employees'], rows),
      'company_people.csv': csv(
        ['company_id', 'user_id', 'role', 'joined_at'],
        seats.map((s) => [s.companyId, s.userId, s.role, iso(s.joinedAt)]),
      ),
    }
    let written = 0
    for (const [name, text] of Object.entries(files))
      if (await replaceFile(join(folder, name), text, scratch)) written++
    const paying = rows.filter(([, plan]) => plan !== 'free').length
    return { written, truth: this.#truth.truth(seats, paying) }
  }

  /** Consultants have an account of their own and work for a customer as well. */
  #consultants(): Seat[] {
    return this.#founders.flatMap((f, i): Seat[] => {
      const customer = this.#founders[i - 1]
      if (f.number % 17 !== 0 || !customer || customer.companyId === f.companyId) return []
      const joinedAt = Math.max(f.signedUpAt, customer.signedUpAt)
      return [{ companyId: customer.companyId, userId: f.userId, role: 'member', joinedAt }]
    })
  }
}

const csv = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, ...rows].map((row) => `${row.join(',')}\n`).join('')

function iso(at: number): string {
  return new Date(at).toISOString()
}
