import { addHeaders, type Contender } from './contenders.ts'
import type { BenchRequest } from './load-generator.ts'

const secret = { 'x-cal-secret-key': 'demo-secret' }

/** Builds the request that reads one user, or a list of users, through a contender's REST server. */
export function requestRest(contender: Contender, rest = '/4711'): BenchRequest {
  const { prefix = '' } = contender
  const path = `${prefix}/v2/oauth-clients/cm9demo/users${rest}`
  return addHeaders(contender, { method: 'GET', path, headers: { accept: 'application/json', ...secret } })
}

/** The protocol revisions that are measured. */
export type Era = '2025-11-25' | '2026-07-28'

/** Builds the MCP request that lists a contender's tools or reads one user, in one of the two eras. */
export function requestMcp(
  contender: Contender,
  era: Era,
  method: 'tools/list' | 'tools/call',
): BenchRequest {
  const { tool: name = 'get-managed-user', env = {} } = contender
  // A gateway with a configured secret takes none as an argument.
  const own = env.CAL_COM_SECRET_KEY === undefined ? secret : {}
  const call =
    method === 'tools/call' ? { name, arguments: { ...own, clientId: 'cm9demo', userId: 4711 } } : {}
  const isStateless = era === '2026-07-28'
  const params = isStateless ? { ...call, _meta: stateless } : call
  const names = method === 'tools/call' ? { 'mcp-name': name } : {}
  return addHeaders(contender, {
    method: 'POST',
    path: '/mcp',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': era,
      ...(isStateless ? { 'mcp-method': method, ...names } : {}),
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  })
}

const stateless = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'bench', version: '1.0.0' },
  'io.modelcontextprotocol/clientCapabilities': {},
}

/** Sends a request once. Returns the error of a response that lacks the expected text, or an empty text. */
export async function findFault(port: number, request: BenchRequest, expected: string): Promise<string> {
  const { method, path, headers, body } = request
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
    method,
    headers,
    ...(body === undefined ? {} : { body }),
  }).catch((error: unknown) => String(error))
  if (typeof answer === 'string') return answer
  const text = await answer.text()
  return answer.ok && text.includes(expected) ? '' : `${answer.status} ${text.slice(0, 200)}`
}
