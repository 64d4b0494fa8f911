import { readFile, rm, writeFile } from 'node:fs/promises'
import { z } from 'zod'

/** A running server, as it describes itself next to its database. */
export interface ServerFile {
  readonly url: string
  readonly pid: number
  readonly startedAt: string
}

const shape = z.object({ url: z.url({ protocol: /^https?$/ }), pid: z.int(), startedAt: z.string() })

const fileOf = (databasePath: string) => `${databasePath}.server.json`

/** Says where the server is, to commands that find the database taken. Only its user may read it. */
export async function writeServerFile(databasePath: string, url: string): Promise<void> {
  const content: ServerFile = { url, pid: process.pid, startedAt: new Date().toISOString() }
  await rm(fileOf(databasePath), { force: true })
  await writeFile(fileOf(databasePath), `${JSON.stringify(content)}\n`, { mode: 0o600 })
}

/** The server that has a database, or null when none has said so. */
export async function readServerFile(databasePath: string): Promise<ServerFile | null> {
  const text = await readFile(fileOf(databasePath), 'utf8').catch(() => null)
  if (text === null) return null
  try {
    return shape.parse(JSON.parse(text))
  } catch {
    return null
  }
}

/** Takes the file away again, unless another server has written it since. */
export async function removeServerFile(databasePath: string): Promise<void> {
  if ((await readServerFile(databasePath))?.pid === process.pid) await rm(fileOf(databasePath), { force: true })
}
