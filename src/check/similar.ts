import { editDistance, fold } from '../config/closest.ts'
import type { Counted } from './report.ts'

/** A name that occurs. */
export interface Named extends Counted {
  /** As it was delivered. */
  readonly name: string
}

/** Names that were probably meant by a word, the likeliest first: spelled alike, one within the other, or of the same words. */
export function similar<N extends Named>(word: string, names: readonly N[]): readonly N[] {
  return names
    .map((name) => ({ name, score: likeness(word, name.name) }))
    .filter(({ score }) => score >= 0.5)
    .sort((a, b) => b.score - a.score || b.name.count - a.name.count)
    .map(({ name }) => name)
}

/** From 0, nothing in common, to 1, the same letters. */
function likeness(a: string, b: string): number {
  const [x, y] = [fold(a), fold(b)]
  const [shorter, longer] = x.length < y.length ? [x, y] : [y, x]
  if (shorter === '') return 0
  const spelled = 1 - editDistance(x, y) / longer.length
  const within = shorter.length >= 4 && longer.includes(shorter) ? 0.9 : 0
  return Math.max(spelled >= 0.66 ? spelled : 0, within, shared(wordsOf(a), wordsOf(b)))
}

/** The share of words that two names have in common; `sign` and `signed` are one word. */
function shared(a: readonly string[], b: readonly string[]): number {
  const isSame = (x: string, y: string) => x === y || (Math.min(x.length, y.length) >= 4 && stem(x) === stem(y))
  const common = a.filter((x) => b.some((y) => isSame(x, y))).length
  return common / Math.max(a.length, b.length, 1)
}

const stem = (word: string) => word.slice(0, 4)

const wordsOf = (name: string) =>
  name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '')

const SIGNUP =
  /(^|_)(user_)?(sign(ed)?_?up|signup|regist(er|ered|ration)|account_created|created?_(an_)?account|user_created|joined)(_|$)/
/** Steps on the way, and what is not the moment somebody signed up. */
const NOT_YET = /(start|begin|began|view|click|page|form|fail|error|abandon|attempt|open|button|cta)/

/** Names that sound like the moment somebody signed up, most frequent first. */
export const soundsLikeSignup = <N extends Named>(names: readonly N[]): readonly N[] =>
  names.filter(({ name }) => {
    const words = wordsOf(name).join('_')
    return SIGNUP.test(words) && !NOT_YET.test(words)
  })
