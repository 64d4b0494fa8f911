import files from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'

/**
 * Loaded into a command before all else: the log of a database looks long enough to be moved into the file, as that of
 * a large one is. Runs of a test are too small for it.
 */
const { stat } = files
const longer = async (...args: Parameters<typeof stat>) => {
  const info = await stat(...args)
  return String(args[0]).endsWith('.wal') ? Object.assign(info, { size: 2 ** 40 }) : info
}
Object.assign(files, { stat: longer })
syncBuiltinESMExports()
