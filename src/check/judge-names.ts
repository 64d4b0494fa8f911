import { signupDefaults } from '../config/defaults.ts'
import { normaliseName } from '../pipeline/incoming.ts'
import type { PipelineOptions } from '../pipeline/options.ts'
import type { Evidence } from './evidence.ts'
import { type Finding, listed } from './report.ts'
import { type Named, similar, soundsLikeSignup } from './similar.ts'

/** Do the names of the configuration occur? `where` says in what was looked. */
export function judgeNames(options: PipelineOptions, { names, count }: Evidence, where: string): readonly Finding[] {
  if (count === 0) return []
  if (names.length === 0) {
    return [
      {
        severity: 'warning',
        subject: 'conversions',
        message: `Expected track events for the conversions, but there is none in ${where}.`,
        fix: 'Without them nobody signs up and nothing is credited. Read a source that has them.',
      },
    ]
  }
  const counts = new Map(names.map((name) => [name.value, name.count]))
  const occurs = (event: string) => counts.get(normaliseName(event)) ?? 0
  const conversions = Object.entries(options.conversions).flatMap(([name, { events }]) => {
    const missing = events.filter((event) => occurs(event) === 0)
    if (missing.length === events.length) return [noneOccurs(name, events, names, where)]
    // Of the default names one is enough; whoever listed names of their own expects them all.
    if (isDefault(name, events)) return []
    return missing.map((event) => oneMissing(name, event, names, where))
  })
  const excluded = options.exclude.events
    .filter((event) => occurs(event) === 0)
    .map((event) => ({ ...missingName(event, names, where), severity: 'note' as const, subject: 'exclude.events' }))
  return [...conversions, ...excluded]
}

const isDefault = (name: string, events: readonly string[]) =>
  name === 'signup' && events.join() === signupDefaults.events.join()

function noneOccurs(name: string, events: readonly string[], names: readonly Named[], where: string): Finding {
  const subject = `conversions.${name}`
  if (events.length === 1 && !isDefault(name, events))
    return { ...missingName(events[0]!, names, where, name === 'signup'), severity: 'warning', subject }
  const near = suggestions(events, names, name === 'signup')
  return {
    severity: 'warning',
    subject,
    message: `None of ${isDefault(name, events) ? 'the default names' : 'the names'} ${events.map((e) => `\`${e}\``).join(', ')} occurs in ${where}.`,
    fix: adviceFor(near, names, `Set \`conversions.${name}.events\``),
  }
}

function oneMissing(name: string, event: string, names: readonly Named[], where: string): Finding {
  return { ...missingName(event, names, where), severity: 'note', subject: `conversions.${name}` }
}

function missingName(event: string, names: readonly Named[], where: string, isSignup = false) {
  return {
    message: `\`${event}\` occurs 0 times in ${where}.`,
    fix: adviceFor(suggestions([event], names, isSignup), names, 'Name the right one'),
  }
}

function suggestions(events: readonly string[], names: readonly Named[], isSignup: boolean): readonly Named[] {
  const near = [...(isSignup ? soundsLikeSignup(names) : []), ...events.flatMap((event) => similar(event, names))]
  return [...new Set(near)].slice(0, 3)
}

function adviceFor(near: readonly Named[], names: readonly Named[], then: string): string {
  const shown = (list: readonly Named[]) => listed(list.map(({ name, count }) => ({ value: name, count })))
  return near.length > 0
    ? `Did you mean ${shown(near)}? ${then}.`
    : `The names that occur most: ${shown(names.slice(0, 5))}. ${then}.`
}
