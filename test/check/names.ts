import { similar, soundsLikeSignup } from '../../src/check/similar.ts'
import { normaliseName } from '../../src/pipeline/incoming.ts'

const named = (names: readonly string[]) =>
  names.map((name, i) => ({ name, value: normaliseName(name), count: names.length - i }))

export const likelySignups = (names: readonly string[]) => soundsLikeSignup(named(names)).map(({ name }) => name)

export const likelyMeant = (word: string, names: readonly string[]) =>
  similar(word, named(names)).map(({ name }) => name)
