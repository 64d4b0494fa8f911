import { type Figures, type Summary, summarize } from './figures.ts'
import { median } from './measure.ts'

const n = (value: number) => Math.round(value).toLocaleString('en')
const s = (value: number) => value.toFixed(value < 10 ? 2 : 1)
const times = (value: number) => (value < 0.1 ? value.toFixed(4) : value.toFixed(2))

/** One history as text. */
export function describe(figures: Figures): string {
  const { generate, lean, sort, build, increments, profile, verify } = figures
  const summary = summarize(figures)
  const costs: [string, { seconds: number; cpuSeconds: number; peakMegabytes: number } | null | undefined][] = [
    ['generate', generate],
    ['lean rebuild', lean],
    ['sort', sort],
    ['  of two numbers', sort?.narrow],
    ['full build', build],
    [
      `increment, median of ${increments.length}`,
      {
        seconds: summary.incrementSeconds,
        cpuSeconds: summary.incrementCpuSeconds,
        peakMegabytes: summary.incrementPeakMegabytes,
      },
    ],
    ['rebuild after it', verify],
  ]
  return [
    `${n(summary.events)} events of ${n(generate.people)} people in ${n(generate.visits)} visits; ${n(summary.news)} new per increment`,
    '',
    `${''.padEnd(26)}   seconds       CPU   peak MB`,
    ...costs.flatMap(([name, cost]) =>
      cost
        ? [
            `${name.padEnd(26)}${s(cost.seconds).padStart(10)}${s(cost.cpuSeconds).padStart(10)}${n(cost.peakMegabytes).padStart(10)}`,
          ]
        : [],
    ),
    '',
    ...describeRatios(summary),
    `increments: ${increments.map((run) => s(run.seconds)).join(', ')} s; checkpoint after one ${s(median(increments.map((run) => run.checkpointSeconds)))} s`,
    ...(lean ? [`lean rebuild: ${n(lean.sessions)} sessions, ${n(lean.attributed)} attributed people`] : []),
    `rows read of events by an increment: ${n(summary.eventsScanned)}`,
    `tables of tributary after the full build: ${n(build.stateMegabytes)} MB (file with sources ${n(build.fileMegabytes)} MB)`,
    ...(summary.rowsWrittenByRebuild === null
      ? []
      : [`rows that a rebuild after the increments wrote: ${n(summary.rowsWrittenByRebuild)}`]),
    '',
    ...describeStages(figures),
    ...[...build.problems, ...increments.flatMap((run) => run.problems)].map((problem) => `Note: ${problem}`),
    ...(build.report === null ? [] : ['', `Full build: ${build.report}`, '', `One more increment: ${profile.report}`]),
  ].join('\n')
}

function describeRatios({ ratios }: Summary): string[] {
  if (ratios === null) return []
  const names = {
    incrementToLean: 'increment / lean rebuild',
    buildToLean: 'full build / lean rebuild',
    buildToSort: 'full build / sort',
  }
  return [
    ...Object.entries(names).map(([key, name]) => {
      const { time, cpu } = ratios[key as keyof typeof names]
      return `${name.padEnd(26)}${times(time).padStart(10)}${times(cpu).padStart(10)}`
    }),
    '',
  ]
}

/** Seconds of each stage: of the full build, and the median of the increments. */
function describeStages({ build, increments }: Figures): string[] {
  const secondsOf = (stage: string) =>
    median(increments.map((run) => (run.stages.find((r) => r.stage === stage)?.milliseconds ?? 0) / 1000))
  return [
    `${'stage'.padEnd(26)}full build increment      rows`,
    ...build.stages.map(
      ({ stage, milliseconds, rows }) =>
        `${stage.padEnd(26)}${s(milliseconds / 1000).padStart(10)}${s(secondsOf(stage)).padStart(10)}${n(rows).padStart(10)}`,
    ),
  ]
}

/** The same news on histories of different sizes, each against the first. */
export function describeComparison(summaries: readonly Summary[]): string {
  const [first] = summaries
  return [
    'The same news on histories of different sizes',
    '',
    '    events       new  increment s      CPU   times the first   CPU   rows of events',
    ...summaries.map((x) =>
      [
        n(x.events).padStart(10),
        n(x.news).padStart(10),
        s(x.incrementSeconds).padStart(13),
        s(x.incrementCpuSeconds).padStart(9),
        times(x.incrementSeconds / first!.incrementSeconds).padStart(18),
        times(x.incrementCpuSeconds / first!.incrementCpuSeconds).padStart(6),
        n(x.eventsScanned).padStart(17),
      ].join(''),
    ),
  ].join('\n')
}
