import { queryOf, type StageContext } from '../../src/pipeline/stage.ts'
import { stages } from '../../src/pipeline/stages.ts'
import type { Printer } from '../../src/warehouses/printer.ts'

/** What steps that ask for ids send when there are none, or many, and what is printed of them, which names one. */
export const otherAnswers = (
  c: StageContext,
  printer: Printer,
  normal: (text: string) => string,
): ReadonlyMap<string, string> =>
  new Map(
    stages
      .flatMap((stage) => stage.steps(c))
      .flatMap((step) => ('keys' in step ? [step] : []))
      .flatMap((step) => {
        const printed = normal(printer.stage(step.into, queryOf(step)))
        return [[], null].map((keys) => [normal(printer.stage(step.into, step.select(keys))), printed] as const)
      }),
  )
