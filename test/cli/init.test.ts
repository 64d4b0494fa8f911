import { cp, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { beforeEach, describe, expect, it } from 'vitest'
import { placeOfSource } from '../../src/check/probes.ts'
import type { Suggestions } from '../../src/check/suggest.ts'
import { configText, type FirstConfig } from '../../src/cli/config-text.ts'
import { askFirst, type Given } from '../../src/cli/first-config.ts'
import { siteFrom } from '../../src/cli/first-guesses.ts'
import { openQuestions, Unanswered } from '../../src/cli/questions.ts'
import { readConfig } from '../../src/config/read.ts'
import { temporaryFolder } from './folder.ts'
import { type Ended, tributary } from './tributary.ts'

let folder: string
const call = (...args: string[]): Promise<Ended> => tributary(args, { folder })
beforeEach(async () => {
  folder = await temporaryFolder()
})
const withEvents = (name = 'events') => cp('examples/duckdb/events', join(folder, name), { recursive: true })

describe('init without a terminal', { timeout: 60_000 }, () => {
  it('writes what loads, checks clean and runs', async () => {
    await withEvents()
    const { code, out, err } = await call('init')
    expect({ code, out }).toEqual({ code: 0, out: expect.stringContaining('tributary check ') })
    expect(err).toMatch(/Sites +acme\.example\nSignup +Signed Up\n$/)
    expect(await call('check')).toMatchObject({ code: 0, out: expect.stringContaining('Nothing to fix.') })
    expect((await call('run', '--quiet')).code).toBe(0)
  })

  it('takes what it is given', async () => {
    await withEvents('logs')
    const given = [
      '--events',
      'logs/*.jsonl',
      '--site',
      'https://acme.com/x',
      '--site',
      'a.io,b.io',
      '--signup',
      'Joined',
    ]
    expect((await call('init', '--yes', '--warehouse', 'data.duckdb', ...given)).code).toBe(0)
    const { pipeline, warehouse } = await readConfig(join(folder, 'tributary.config.ts'))
    expect(warehouse).toMatchObject({ kind: 'duckdb', path: join(folder, 'data.duckdb') })
    expect(pipeline).toMatchObject({
      sources: [{ name: 'logs', path: join(folder, 'logs/*.jsonl') }],
      sites: ['acme.com', 'a.io', 'b.io'],
      conversions: { signup: { events: ['Joined'] } },
    })
  })

  it('finds a folder with events, and goes without', async () => {
    expect(await call('init', '--config', 'none.json')).toMatchObject({
      code: 0,
      err: expect.stringContaining('nothing'),
    })
    await mkdir(join(folder, 'data'))
    await withEvents('data/web')
    expect((await call('init')).err).toContain('data/web: 1 file')
  })

  it('writes paths from the file', async () => {
    await withEvents()
    await mkdir(join(folder, 'etc'))
    expect((await call('init', '--config', 'etc/acme.ts')).out).toContain(
      `check --config ${join(folder, 'etc/acme.ts')}`,
    )
    const { pipeline } = await readConfig(join(folder, 'etc/acme.ts'))
    expect(placeOfSource(pipeline.sources[0]!)).toBe(join(folder, 'events'))
  })

  it('writes a module where package.json says CommonJS', async () => {
    await writeFile(join(folder, 'package.json'), '{ "type": "commonjs" }')
    await withEvents()
    expect((await call('init')).out).toContain('tributary.config.mjs')
    expect((await call('check')).code).toBe(0)
  })

  it('overwrites nothing, and puts no second configuration beside one', async () => {
    await writeFile(join(folder, 'tributary.config.json'), 'mine')
    for (const args of [['init'], ['init', '--config', 'tributary.config.json']])
      expect(await call(...args)).toMatchObject({ code: 2, out: '', err: expect.stringContaining('is there already') })
    expect(await readdir(folder)).toEqual(['tributary.config.json'])
    expect(await readFile(join(folder, 'tributary.config.json'), 'utf8')).toBe('mine')
  })

  it.each([
    [['--config', 'a.yaml'], 'Expected a file ending in .ts'],
    [['--site', 'foo bar'], '`sites[0]`: expected a host'],
    [['--signup', '!!'], 'expected the name of an event'],
    [['--config', 'no/such/c.ts'], 'Expected to write'],
  ])('%j is refused, and nothing written', async (args, message) => {
    expect(await call('init', ...args)).toMatchObject({ code: 2, out: '', err: expect.stringContaining(message) })
    expect(await readdir(folder)).toEqual([])
  })
})

describe('questions', () => {
  const found: Suggestions = {
    facts: '1 file',
    messages: 9,
    sites: [{ value: 'acme.com', count: 9 }],
    signups: [
      { value: 'Signed Up', count: 3 },
      { value: 'Registered', count: 1 },
    ],
  }
  const nothing: Suggestions = { facts: 'nothing there', messages: 0, sites: [], signups: [] }

  async function answer(lines: string, given: Given = {}) {
    const [input, output] = [new PassThrough(), new PassThrough()]
    const questions = openQuestions(input, output)
    input.end(lines)
    const first = await askFirst(given, questions, async (path) => (path === 'nowhere' ? nothing : found)).finally(
      () => {
        questions.close()
        output.end()
      },
    )
    return { first, said: await text(output) }
  }

  it('Enter takes what the events show', async () => {
    const { first, said } = await answer('\n\n\n\n')
    expect(first).toEqual({
      warehouse: 'warehouse.duckdb',
      events: expect.any(String),
      sites: ['acme.com'],
      signups: ['Signed Up'],
    })
    expect(said).toContain('Events that sound like a signup: Signed Up (3), Registered (1)')
  })

  it('what is given is not asked', async () => {
    const given = { events: 'e', warehouse: 'w', sites: ['a.io'], signups: ['b'] }
    expect((await answer('', given)).first).toEqual(given)
  })

  it('asks again when an answer does not fit', async () => {
    const { first, said } = await answer('\ne\na b\nhttps://www.a.io/x, b.io\n!!\nJoined, Came\n')
    expect(first).toMatchObject({ sites: ['www.a.io', 'b.io'], signups: ['Joined', 'Came'] })
    expect(said).toContain('Expected hosts such as acme.com, but got `a b`.')
    expect(said).toContain('Expected the name of an event, but got `!!`.')
  })

  it('takes a place without events when it is given twice', async () => {
    expect((await answer('\nnowhere\n\n\n\n')).first.events).toBe('nowhere')
    expect((await answer('\nnowhere\nhere\n\n\n')).first.events).toBe('here')
  })

  it('ends when nobody answers', async () => {
    await expect(answer('\ne\n')).rejects.toThrow(Unanswered)
  })
})

describe('the text', () => {
  const first: FirstConfig = { warehouse: './w.duckdb', events: './e', sites: ['acme.com'], signups: ['Signed Up'] }

  it.each(['.ts', '.mts', '.js', '.mjs', '.json'])('of a file ending in %s loads', async (ending) => {
    const odd = { ...first, signups: [`O'Neil "said" \\n \`\${x}\` */`], events: "./it's" }
    const file = join(folder, `c${ending}`)
    await writeFile(file, configText(odd, file))
    const { pipeline } = await readConfig(file)
    expect(pipeline.conversions.signup!.events).toEqual(odd.signups)
    expect(placeOfSource(pipeline.sources[0]!)).toBe(join(folder, "it's"))
  })

  it('has the default names when none is known', async () => {
    const file = join(folder, 'c.ts')
    await writeFile(file, configText({ ...first, signups: [] }, file))
    expect((await readConfig(file)).pipeline.conversions.signup!.events).toContain('signed_up')
  })

  it('has commented options that are true when they are uncommented', async () => {
    const file = join(folder, 'c.ts')
    const options = configText(first, file).replaceAll(/^( *)\/\/ (\w+: .*,)$/gm, '$1$2')
    await writeFile(file, options)
    const { pipeline, schedule } = await readConfig(file)
    expect(schedule).toBe('0 5 * * *')
    expect(Object.keys(pipeline.conversions)).toEqual(['signup', 'purchase'])
    expect(pipeline.channels).toHaveLength(1)
  })
})

it.each([
  ['https://www.acme.com/pricing?x=1', 'www.acme.com'],
  ['acme.com:8080', 'acme.com'],
  ['*.acme.com', 'acme.com'],
  [' acme.com ', 'acme.com'],
])('%s is the host %s', (given, host) => expect(siteFrom(given)).toBe(host))
