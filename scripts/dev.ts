/**
 * `make dev`: a mock of Cal.com and the gateway before it, as two processes that start, and end, together.
 */
import './leash.ts'
import { readMockChoice } from '../mocks/choice.ts'
import { ConfigError, readConfig } from '../src/config/config.ts'
import { readDocument } from '../src/document/document.ts'
import { type Child, startChild } from './children.ts'
import { awaitAnswer, findTaken, type Port } from './ports.ts'
import { composeWelcome } from './welcome.ts'

/** How long everything may take to answer, in milliseconds. */
const patience = 60_000

/** A reason to stop that is the operator's to mend: printed as one line. */
class OperatorError extends Error {}

/** Calls are logged when asked for: the terminal belongs to what is pasted from it. */
const defaults = { LOG_LEVEL: 'warn' }

async function run(): Promise<void> {
  const children: Child[] = []
  const stopAll = () => {
    for (const child of children) child.stop()
  }
  // Whatever is started below has somebody who stops it, from its very first moment.
  const signal = awaitSignal(stopAll)
  const mockPort = readMockChoice(process.env).port
  const mock = `http://127.0.0.1:${mockPort}`
  const environment = { ...defaults, ...process.env, CAL_COM_BASE_URL: mock }
  const { host, restPort, mcpPort, controlPort, controlHost } = readConfig(environment)
  await refuseTaken([
    { variable: 'MOCK_PORT', host: '127.0.0.1', port: mockPort },
    { variable: 'REST_PORT', host, port: restPort },
    { variable: 'MCP_PORT', host, port: mcpPort },
    { variable: 'CONTROL_PORT', host: controlHost, port: controlPort },
  ])
  const document = readDocument()
  const doors = { mock, rest: toOrigin(host, restPort), mcp: toOrigin(host, mcpPort) }

  const start = async (name: string, entry: string, output?: 'ignore') => {
    const child = startChild(new URL(entry, import.meta.url), environment, output)
    children.push(child)
    return `the ${name} ended (${await child.ended})`
  }
  const ends = [start('mock', '../mocks/main.ts', 'ignore'), start('gateway', '../src/main.ts')]
  const end = Promise.race([signal, ...ends])

  const starting = new AbortController()
  const late = setTimeout(() => starting.abort(), patience)
  end.finally(() => starting.abort())
  const answers = [doors.mock, `${doors.rest}/openapi.json`, `${doors.mcp}/mcp`].map((url) =>
    awaitAnswer(url, starting.signal),
  )
  const reason = await Promise.all(answers).then(
    () => {
      clearTimeout(late)
      process.stdout.write(composeWelcome(document, doors))
      return end
    },
    () => Promise.race([end, `not everything answered within ${patience / 1000} s`]),
  )
  stopAll()
  await Promise.all(ends)
  if (reason !== undefined) throw new OperatorError(`${reason}; the rest is stopped`)
}

async function refuseTaken(ports: readonly Port[]): Promise<void> {
  const taken = await findTaken(ports)
  if (taken.length === 0) return
  const list = new Intl.ListFormat('en')
  const numbers = list.format(taken.map(({ port }) => String(port)))
  const variables = list.format(taken.map(({ variable }) => variable))
  throw new OperatorError(
    taken.length === 1
      ? `port ${numbers} is in use; set ${variables} to another port`
      : `ports ${numbers} are in use; set ${variables} to other ports`,
  )
}

/** An address that means "all of them" is reached by the loopback one. */
function toOrigin(host: string, port: number): string {
  const name = { '0.0.0.0': '127.0.0.1', '::': '::1' }[host] ?? host
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}`
}

/** Fulfils at the first signal to stop; a further one means now. The terminal may be gone by then. */
function awaitSignal(insist: () => void): Promise<undefined> {
  process.stdout.on('error', () => {})
  process.stderr.on('error', () => {})
  return new Promise((resolve) => {
    let stopping = false
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      process.on(signal, () => {
        if (stopping) insist()
        stopping = true
        resolve(undefined)
      })
  })
}

function fail(error: unknown): never {
  const lines =
    error instanceof ConfigError
      ? error.problems
      : [error instanceof OperatorError || error instanceof RangeError ? error.message : Object(error).stack]
  process.stderr.write(lines.map((line) => `make dev: ${line}\n`).join(''))
  process.exit(1)
}

run().then(() => process.exit(0), fail)
