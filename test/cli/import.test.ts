import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeFolder, removeFolder } from './folder.ts'
import { start, tributary } from './tributary.ts'

describe('import spend', () => {
  let folder: string
  const call = (...args: string[]) => tributary([...args, '--config', 'c.json'], { folder })
  beforeAll(async () => {
    folder = await makeFolder()
    await writeFile(join(folder, 'events.jsonl'), '')
    await writeFile(join(folder, 'c.json'), '{ "sources": [{ "kind": "files", "path": "./events.jsonl" }] }')
    await writeFile(join(folder, 'spend.csv'), 'day,source,cost,currency\n2025-01-01,google,12.50,EUR\n')
    await writeFile(join(folder, 'bad.csv'), 'day,source,cost,currency\n2025-01-01,google,12.50 €,EUR\n')
    await writeFile(join(folder, 'utf16.csv'), Buffer.from('\ufeffday;source\n', 'utf16le'))
  })
  afterAll(() => removeFolder(folder))

  it('takes in a file, and says what is wrong with one', async () => {
    expect(await call('import', 'spend', 'spend.csv')).toMatchObject({
      code: 1,
      err: expect.stringContaining('`tributary run`'),
    })
    await call('run')
    expect(await call('import', 'spend', 'spend.csv')).toMatchObject({
      code: 0,
      out: 'Run 2 (import) published: 1 line of 2025-01-01, 1 row written.\n',
      err: expect.stringContaining('No touch has the source `google`'),
    })
    expect(await call('import', 'spend', 'bad.csv')).toMatchObject({
      code: 2,
      err: expect.stringContaining('line 2: cost'),
    })
    expect(await call('import', 'spend', 'none.csv')).toMatchObject({
      code: 2,
      err: expect.stringContaining('there is none'),
    })
    expect(await call('import', 'spend', 'utf16.csv')).toMatchObject({ code: 2, err: expect.stringContaining('UTF-8') })
    expect(await call('import', 'spend')).toMatchObject({ code: 2, err: expect.stringContaining('Expected FILE.csv') })
  })

  it('is done by a server that has the database', async () => {
    const server = start(['serve', '--config', 'c.json', '--port', '0'], { folder })
    try {
      await server.says(/listening/)
      const { code, out } = await call('import', 'spend', 'spend.csv', '--source', 'agency')
      expect({ code, out }).toEqual({
        code: 0,
        out: 'Run 3 (import) published: 1 line of 2025-01-01, 1 row written.\n',
      })
      expect(await call('import', 'spend', 'bad.csv')).toMatchObject({
        code: 2,
        err: expect.stringContaining('line 2: cost'),
      })
    } finally {
      server.child.kill('SIGTERM')
      await server.ended
    }
  })
})
