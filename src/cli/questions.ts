import { createInterface } from 'node:readline/promises'

/** Whoever answers has gone: Ctrl-C, Ctrl-D, or the end of a pipe. */
export class Unanswered extends Error {}

/** Questions to a person, or to a pipe that answers in their order. */
export interface Questions {
  /** The answer, trimmed; `usual` when it is empty. Asks again until `problemOf` finds nothing. */
  ask(question: string, usual: string, problemOf?: (answer: string) => Promise<string | null>): Promise<string>
  say(text: string): void
  close(): void
}

export function openQuestions(input: NodeJS.ReadableStream, output: NodeJS.WritableStream): Questions {
  const reader = createInterface({ input, output })
  // Lines are taken from a queue: those of a pipe may come before they are asked for.
  const lines = reader[Symbol.asyncIterator]()
  let isClosed = false
  reader.once('close', () => {
    isClosed = true
  })
  return {
    async ask(question, usual, problemOf = async () => null) {
      for (;;) {
        const prompt = `${question}${usual === '' ? '' : ` [${usual}]`}: `
        if (isClosed) output.write(prompt)
        else {
          reader.setPrompt(prompt)
          reader.prompt()
        }
        const { value, done } = await lines.next()
        if (done) throw new Unanswered()
        const answer = String(value).trim() || usual
        const problem = await problemOf(answer)
        if (problem === null) return answer
        output.write(`  ${problem}\n`)
      }
    },
    say: (text) => void output.write(`${text}\n`),
    close: () => reader.close(),
  }
}
