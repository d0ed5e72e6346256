import { fileURLToPath } from 'node:url'
import manifest from '../package.json' with { type: 'json' }
import type { BenchRequest } from './load-generator.ts'

/** A server in front of the upstream, and the requests that it takes. */
export interface Contender {
  readonly name: string
  /** The file that Node runs, or `nginx`. */
  readonly program: string
  /** The command it is given; with one the program is the gateway. */
  readonly command?: string
  /** What follows the command. */
  readonly arguments?: readonly string[]
  /** Options of Node, before the program. */
  readonly options?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** The first path segment of its REST routes. */
  readonly prefix?: string
  /** Headers of every request, beside those all contenders get. */
  readonly headers?: Readonly<Record<string, string>>
  /** Name of the tool that reads a user, if it differs from the document's. */
  readonly tool?: string
}

const locate = (file: string) => fileURLToPath(new URL(file, import.meta.url))
const gateway = locate('../bin/calgate.js')

/** Variables that `npm start` sets. */
const startVariables: Readonly<Record<string, string>> = Object.fromEntries(
  manifest.scripts.start
    .split(' ')
    .filter((one) => /^[A-Z_]+=/.test(one))
    .map((one) => one.split('=')),
)

/** A gateway key, and the file with its hash; see `calgate key`. */
export interface GatewayKey {
  readonly key: string
  readonly file: string
}

/** A part of the gateway that can be switched off; each is added to those before it. */
export interface Part {
  readonly name: string
  readonly env: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
}

/** Lists the gateway's parts in the order in which they are added; with the last one everything is on. */
export function listParts({ key, file }: GatewayKey): readonly Part[] {
  return [
    { name: 'checks and metrics', env: { LOG_LEVEL: 'silent', DRIFT_SAMPLE: 'off' } },
    { name: '+ log', env: { LOG_LEVEL: 'info' } },
    { name: '+ response sampling', env: { DRIFT_SAMPLE: '1/10' } },
    { name: '+ rate limit', env: { RATE_LIMIT: '100000000/h' } },
    { name: '+ configured secret', env: { CAL_COM_CLIENT_ID: 'cm9demo', CAL_COM_SECRET_KEY: 'demo-secret' } },
    {
      name: '+ gateway keys',
      env: { GATEWAY_KEYS_FILE: file },
      headers: { authorization: `Bearer ${key}` },
    },
  ]
}

/** Describes the gateway with its parts up to the given index; by default with all parts. */
export function describeGateway(parts: readonly Part[], last = parts.length - 1): Contender {
  const taken = parts.slice(0, last + 1)
  return {
    name: last === parts.length - 1 ? 'calgate' : `calgate: ${taken.at(-1)?.name}`,
    program: gateway,
    command: 'start',
    prefix: '/v1',
    env: Object.assign({}, startVariables, ...taken.map(({ env }) => env)),
    headers: Object.assign({}, ...taken.map(({ headers }) => headers)),
  }
}

/** The bare proxy, the base of every ratio. */
export const bareProxy: Contender = {
  name: '@fastify/http-proxy',
  program: locate('contenders/http-proxy.ts'),
}

/** nginx as a reverse proxy. */
export const nginxProxy: Contender = { name: 'nginx', program: 'nginx' }

/** A validating proxy made of express packages. */
export const expressPair: Contender = {
  name: 'express-openapi-validator + http-proxy-middleware',
  program: locate('contenders/express-pair.ts'),
  prefix: '/v1',
}

/** Prism as a validating proxy. */
export const prismProxy: Contender = {
  name: 'prism proxy --errors',
  program: locate('contenders/prism-proxy.ts'),
}

/** JSON-RPC by hand: the limit for MCP. */
export const byHand: Contender = { name: 'by hand', program: locate('contenders/mcp-by-hand.ts') }

/** The first SDK's own stateless example. */
export const firstSdk: Contender = {
  name: 'SDK v1, its example',
  program: locate('contenders/mcp-sdk-v1.ts'),
}

/** The second SDK's own stateless example. */
export const secondSdk: Contender = {
  name: 'SDK v2, its example',
  program: locate('contenders/mcp-sdk-v2.ts'),
}

/** Returns an SDK example that creates the schemas of its tools once, as a profile would suggest. */
export function keepSchemas(example: Contender): Contender {
  return { ...example, name: `${example.name}, schemas kept`, env: { SCHEMAS: 'kept' } }
}

/** The strongest peer. */
export const mcpUse: Contender = {
  name: 'mcp-use',
  program: locate('contenders/mcp-use.ts'),
  // No telemetry.
  env: { MCP_USE_ANONYMIZED_TELEMETRY: 'false', DO_NOT_TRACK: '1', NODE_ENV: 'production' },
  tool: 'oauthclientuserscontrollergetuserbyid',
}

/** Adds the contender's own headers to a request. */
export function addHeaders({ headers = {} }: Contender, request: BenchRequest): BenchRequest {
  return { ...request, headers: { ...request.headers, ...headers } }
}
