import { describe, expect, it } from 'vitest'
import { showProgress } from '../../src/cli/progress.ts'
import type { Terminal } from '../../src/cli/terminal.ts'

function recorder(isWatched: boolean) {
  const said: string[] = []
  const terminal: Terminal = { out: () => {}, err: (more) => said.push(more), isWatched, columns: 80 }
  let time = 0
  const progress = showProgress(terminal, () => time)
  return {
    progress,
    wait: (milliseconds: number) => {
      time += milliseconds
    },
    take: () => {
      return said.splice(0).join('')
    },
  }
}

describe('without a terminal', () => {
  it('is a line for each stage that ends, and one every ten seconds of a long one', () => {
    const { progress, take, wait } = recorder(false)
    progress.show({ stage: 'visits', state: 'started' })
    progress.show({ stage: 'visits', state: 'progress', done: 10, total: 100 })
    expect(take()).toBe('')
    wait(10_000)
    progress.show({ stage: 'visits', state: 'progress', done: 5_000, total: 10_000 })
    expect(take()).toBe('visits        50 %  5,000 of 10,000\n')
    wait(200)
    progress.show({ stage: 'visits', state: 'progress', done: 6_000, total: 10_000 })
    progress.show({ stage: 'visits', state: 'finished', rows: 1, milliseconds: 83_000 })
    expect(take()).toBe('visits                 1 row  1 min 23 s\n')
    progress.clear()
    expect(take()).toBe('')
  })
})

describe('on a terminal', () => {
  const erase = '\r\u001b[2K'

  it('draws over one line and never fills it', () => {
    const { progress, take, wait } = recorder(true)
    progress.show({ stage: 'visits', state: 'started' })
    expect(take()).toBe(`${erase}visits        …`)
    progress.show({ stage: 'visits', state: 'progress', done: 1, total: 4 })
    expect(take()).toBe('')
    wait(100)
    progress.show({ stage: 'visits', state: 'progress', done: 1, total: 4 })
    expect(take()).toBe(`${erase}visits        ${'█'.repeat(6)}${'░'.repeat(18)}  25 %  1 of 4`)
    progress.show({ stage: 'visits', state: 'finished', rows: 4_000, milliseconds: 420 })
    expect(take()).toBe(`${erase}visits            4,000 rows     0.42 s\n`)
    progress.show({ stage: 'x'.repeat(200), state: 'started' })
    expect(take()).toHaveLength(erase.length + 79)
    progress.clear()
    expect(take()).toBe(erase)
  })
})
