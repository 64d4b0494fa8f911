import { join } from 'node:path'
import type { Journey } from './journeys.ts'
import { companyOf } from './people.ts'
import { replaceFile } from './write.ts'

/** An account, as the product database of the demo has it. */
interface Account {
  readonly userId: string
  readonly companyId: string
  readonly number: number
  readonly signedUpAt: number
  /** Null when they never bought. */
  readonly plan: string | null
  readonly paidAt: number | null
  readonly employees: number
}

/** What is true of the product database. */
export interface ProductTruth {
  readonly companies: number
  readonly members: number
  readonly paying: number
  /** People who belong to two companies. */
  readonly inTwo: number
}

const INDUSTRIES = ['software', 'retail', 'law', 'health', 'education', 'logistics', 'media']

/** Keeps who has an account, and writes the tables that Acme's product would have of them. */
export class ProductKeeper {
  readonly #accounts: Account[] = []

  noteJourney({ person, signedUpAt, serverActions }: Journey): void {
    if (signedUpAt === null) return
    const orders = serverActions.filter((a) => a.type === 'track' && a.event === 'Order Completed')
    const last = orders.at(-1)
    this.#accounts.push({
      userId: person.userId,
      companyId: person.companyId,
      number: person.number,
      signedUpAt,
      plan: last?.type === 'track' ? String(last.properties.plan) : null,
      paidAt: orders[0]?.at ?? null,
      employees: Number(companyOf(person).employees),
    })
  }

  /** Writes `companies.csv` and `company_people.csv`; returns how many of them were new or changed. */
  async write(folder: string, scratch: string): Promise<{ written: number; truth: ProductTruth }> {
    const companies = [...Map.groupBy(this.#accounts, (a) => a.companyId)]
      .map(([id, accounts]) => ({ id, accounts: accounts.toSorted((a, b) => a.signedUpAt - b.signedUpAt) }))
      .sort((a, b) => (a.id < b.id ? -1 : 1))
    const rows = companies.map(({ id, accounts }) => {
      const paying = accounts.filter((a) => a.paidAt !== null).sort((a, b) => a.paidAt! - b.paidAt!)
      const number = Number(id.slice(-5))
      return [
        id,
        paying.at(-1)?.plan ?? 'free',
        iso(accounts[0]!.signedUpAt),
        paying[0] ? iso(paying[0].paidAt!) : '',
        INDUSTRIES[number % INDUSTRIES.length]!,
        String(accounts[0]!.employees),
      ]
    })
    const own = companies.flatMap(({ id, accounts }) =>
      accounts.map((a, i) => [id, a.userId, i === 0 ? 'admin' : roleOf(a), iso(a.signedUpAt)]),
    )
    // Consultants work for a customer as well.
    const second = this.#accounts.flatMap((a, i) => {
      const customer = this.#accounts[i - 1]
      if (a.number % 17 !== 0 || !customer || customer.companyId === a.companyId) return []
      return [[customer.companyId, a.userId, 'member', iso(Math.max(a.signedUpAt, customer.signedUpAt))]]
    })
    const files = {
      'companies.csv': csv(['id', 'plan', 'created_at', 'paid_at', 'industry', 'employees'], rows),
      'company_people.csv': csv(['company_id', 'user_id', 'role', 'joined_at'], [...own, ...second]),
    }
    let written = 0
    for (const [name, text] of Object.entries(files))
      if (await replaceFile(join(folder, name), text, scratch)) written++
    const truth = {
      companies: companies.length,
      members: own.length + second.length,
      paying: rows.filter(([, plan]) => plan !== 'free').length,
      inTwo: second.length,
    }
    return { written, truth }
  }
}

const roleOf = (a: Account): string => ['admin', 'member', 'member', 'viewer'][a.number % 4]!

const csv = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, ...rows].map((row) => `${row.join(',')}\n`).join('')

function iso(at: number): string {
  return new Date(at).toISOString()
}
