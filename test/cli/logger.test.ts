import { expect, it } from 'vitest'
import { shorten } from '../../src/cli/logger.ts'

it('shortens a log line for people', () => {
  const line = JSON.stringify({
    level: 'info',
    time: '2026-01-01T05:00:01.234Z',
    run: 3,
    kind: 'increment',
    msg: 'run published',
  })
  expect(shorten(line)).toBe('05:00:01 info  run published run=3 kind=increment')
})

it('shows the stack of an error below', () => {
  const line = JSON.stringify({
    level: 'error',
    time: '2026-01-01T05:00:01.234Z',
    err: { message: 'no', stack: 'Error: no\nat x' },
    msg: 'run failed',
  })
  expect(shorten(line)).toBe('05:00:01 error run failed \n  Error: no\n  at x')
})
