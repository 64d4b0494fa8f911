import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** A folder that is gone after the test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await makeFolder()
  onTestFinished(() => removeFolder(folder))
  return folder
}

export const makeFolder = (): Promise<string> => mkdtemp(join(tmpdir(), 'tributary-cli-'))

export const removeFolder = (folder: string): Promise<void> => rm(folder, { recursive: true, force: true })
