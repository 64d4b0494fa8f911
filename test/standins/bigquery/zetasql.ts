import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { type AddressInfo, createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { credentials, loadPackageDefinition, type ServiceError } from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'

/** A message of the service: an object as its .proto files say, names in camel case. */
// biome-ignore lint/suspicious/noExplicitAny: the package has .proto files and no types
export type Message = any

/** The engine refused a statement, in its words. */
export class Refused extends Error {}

/** The engine died under a statement. */
export class Died extends Error {}

interface Process {
  call(method: string, request: Request, answer: (error: ServiceError | null, message: Message) => void): void
  end(): void
}

interface Request {
  readonly message: Message
  readonly encoded: readonly Buffer[]
}

const folder = dirname(createRequire(import.meta.url).resolve('@fivetrandevelopers/zetasql/package.json'))
const arm = process.arch.startsWith('arm') ? '_arm' : ''
const program = join(folder, `lib/zetasql/remote_server${arm}${process.platform === 'linux' ? '.so' : ''}`)

const definition = loadSync('local_service.proto', {
  longs: String,
  enums: String,
  includeDirs: [join(folder, 'lib/zetasql/protos')],
}) as Message
const methods: Message = definition['zetasql.local_service.ZetaSqlLocalService']

/** The bytes of a request. Bytes of two messages one after the other are both merged: what is the same each time is encoded once. */
export const encode: (method: string, message: Message) => Buffer = (() => {
  const serializers = Object.fromEntries(Object.keys(methods).map((name) => [name, methods[name].requestSerialize]))
  for (const name of Object.keys(methods)) {
    methods[name].requestSerialize = ({ message, encoded }: Request) =>
      Buffer.concat([serializers[name](message), ...encoded])
  }
  return (method, message) => serializers[method](message)
})()

const packages: Message = loadPackageDefinition(definition)

/** Google's reference implementation of GoogleSQL, a process of its own, started again when it died. */
export class ZetaSql {
  private process: Promise<Process> | null = null
  private isClosed = false

  /** Calls a method of the service; `encoded` is merged into the message. */
  async call(method: string, message: Message, encoded: readonly Buffer[] = []): Promise<Message> {
    if (this.isClosed) throw new Died('the stand-in is closed')
    this.process ??= start()
    const used = this.process
    const process = await used
    return new Promise((resolve, reject) => {
      process.call(method, { message, encoded }, (error, answer) => {
        if (!error) return resolve(answer)
        if (error.code !== UNAVAILABLE && error.code !== CANCELLED) return reject(new Refused(error.details))
        if (this.process === used) this.process = null
        process.end()
        reject(new Died(error.details))
      })
    })
  }

  /** Ends the process with the statements it works on; the engine has no other way to cancel one. */
  async interrupt(): Promise<void> {
    const used = this.process
    this.process = null
    if (used) (await used).end()
  }

  async close(): Promise<void> {
    this.isClosed = true
    await this.interrupt()
  }
}

const CANCELLED = 1
const UNAVAILABLE = 14

/** Runs a program until its input ends: that of a test that was killed does, too. */
const WATCHED = 'exec 3<&0; "$0" "$@" & child=$!; (cat <&3 >/dev/null; kill -9 $child) & wait $child'

async function start(): Promise<Process> {
  const port = await freePort()
  const child = spawn('/bin/sh', ['-c', WATCHED, program, '127.0.0.1', String(port)])
  const end = () => void child.stdin.end()
  child.stdin.on('error', () => undefined) // it has ended by itself
  await new Promise<void>((resolve, reject) => {
    const look = (output: Buffer) => {
      if (String(output).includes('listening')) resolve()
    }
    child.stdout.on('data', look)
    child.stderr.on('data', look)
    child.once('exit', (code) => reject(new Died(`ZetaSQL ended at once with ${code}`)))
    child.once('error', reject)
  })
  const service = new packages.zetasql.local_service.ZetaSqlLocalService(
    `127.0.0.1:${port}`,
    credentials.createInsecure(),
    { 'grpc.max_send_message_length': -1, 'grpc.max_receive_message_length': -1 },
  )
  return {
    call: (method, request, answer) => service[method](request, answer),
    end: () => {
      service.close()
      end()
    },
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
