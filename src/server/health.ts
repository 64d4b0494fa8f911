import type { Warehouse } from '../warehouses/warehouse.ts'
import { text } from './replies.ts'

const PATIENCE = 5_000

/** `GET /healthz`: the process is alive. */
export const health = (): Response => text(200, 'ok\n')

/** `GET /readyz`: the warehouse answers and the server is not stopping. Never says why not: that is in the log. */
export async function readiness(warehouse: Warehouse, stopping: AbortSignal): Promise<Response> {
  if (stopping.aborted) return text(503, '')
  const late = new Promise<false>((resolve) => setTimeout(() => resolve(false), PATIENCE).unref())
  const answers = warehouse.ping().then(
    () => true,
    () => false,
  )
  return (await Promise.race([answers, late])) ? text(200, 'ok\n') : text(503, '')
}
