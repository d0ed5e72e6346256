/**
 * `make dev`: starts a mock of Cal.com and the gateway in front of it, and ends both together.
 */
import './exit-with-parent.ts'
import { readMockChoice } from '../mocks/choice.ts'
import { configureDemo } from '../mocks/start.ts'
import { ConfigError, readConfig } from '../src/config/config.ts'
import { isLoopback } from '../src/config/urls.ts'
import { readApi } from '../src/document/api.ts'
import { readDocument } from '../src/document/document.ts'
import { type Child, startChild } from './children.ts'
import { awaitResponse, findTaken, type Port } from './ports.ts'
import { composeStartupMessage } from './startup-message.ts'

/** Milliseconds until all three servers must respond. */
const startTimeout = 60_000

/** An error that the operator can correct: printed as one line. */
class OperatorError extends Error {}

/** Requests are not logged, so that the startup message stays on the screen. The tokens of the mock are no secrets. */
const defaults = { LOG_LEVEL: 'warn', MCP_TOKENS: 'reveal' }

async function run(): Promise<void> {
  const children: Child[] = []
  const stopAll = () => {
    for (const child of children) child.stop()
  }
  // Registered first, so that a signal during the start ends every child.
  const signal = awaitSignal(stopAll)
  const { name, port: mockPort } = readMockChoice(process.env, 'prism')
  const mock = `http://127.0.0.1:${mockPort}`
  const document = readDocument()
  const isConfigured = takesDemoClient(process.env)
  const client = isConfigured ? configureDemo(mock) : {}
  const environment = { ...defaults, ...client, ...process.env, CAL_COM_BASE_URL: mock, MOCK: name }
  const { host, restPort, mcpPort, controlPort, controlHost } = readConfig(environment, readApi(document))
  await refuseTaken([
    { variable: 'MOCK_PORT', host: '127.0.0.1', port: mockPort },
    { variable: 'REST_PORT', host, port: restPort },
    { variable: 'MCP_PORT', host, port: mcpPort },
    { variable: 'CONTROL_PORT', host: controlHost, port: controlPort },
  ])
  const origins = { mock, rest: toOrigin(host, restPort), mcp: toOrigin(host, mcpPort) }

  const main = new URL('../src/main.ts', import.meta.url)
  const start = async (what: string, command: string, output?: 'ignore') => {
    const child = startChild(main, environment, output, [command])
    children.push(child)
    return `the ${what} ended (${await child.ended})`
  }
  const ends = [start('mock', 'mock', 'ignore'), start('gateway', 'serve')]
  const end = Promise.race([signal, ...ends])

  const starting = new AbortController()
  const late = setTimeout(() => starting.abort(), startTimeout)
  end.finally(() => starting.abort())
  const responses = [origins.mock, `${origins.rest}/openapi.json`, `${origins.mcp}/mcp`].map((url) =>
    awaitResponse(url, starting.signal),
  )
  const reason = await Promise.all(responses).then(
    () => {
      clearTimeout(late)
      process.stdout.write(composeStartupMessage(document, origins, isConfigured))
      return end
    },
    () => Promise.race([end, `the servers did not respond within ${startTimeout / 1000} s`]),
  )
  stopAll()
  await Promise.all(ends)
  if (reason !== undefined) throw new OperatorError(`${reason}; the rest is stopped`)
}

/**
 * Returns whether the gateway is given the demo client, so that calls and tools work without a secret. Not where the
 * environment has credentials, or where others can reach the ports: there the gateway refuses credentials without
 * authentication.
 */
function takesDemoClient(env: NodeJS.ProcessEnv): boolean {
  const isPrivate = isLoopback(env.HOST || '127.0.0.1') && !env.ALLOWED_HOSTS
  const hasCredentials = Object.keys(env).some((name) => /^CAL_COM_(CLIENT_ID|SECRET_KEY|API_KEY)/.test(name))
  return isPrivate && !hasCredentials
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

/** Returns an origin to connect to: a wildcard address is reached by the loopback one. */
function toOrigin(host: string, port: number): string {
  const name = { '0.0.0.0': '127.0.0.1', '::': '::1' }[host] ?? host
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}`
}

/** Resolves at the first signal; a further one calls `stopAll` again. The terminal may be closed by then. */
function awaitSignal(stopAll: () => void): Promise<undefined> {
  process.stdout.on('error', () => {})
  process.stderr.on('error', () => {})
  return new Promise((resolve) => {
    let stopping = false
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      process.on(signal, () => {
        if (stopping) stopAll()
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
