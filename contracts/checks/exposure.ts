import { asRecord } from '../../src/document/json.ts'
import { readMediaType, readMessage, readToolResult } from '../call-result.ts'
import type { Check, Context } from '../context.ts'
import { absentUser } from '../created-users.ts'
import { eras } from '../mcp-client.ts'
import { toRestRequest } from '../rest-client.ts'
import { isList, showValue, toList } from '../values.ts'
import { describeResult } from './boundaries.ts'

const rpcHeaders = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }

/** What is there to be called: paths, methods, tools and protocol revisions. */
export const exposure: Readonly<Record<string, Check>> = {
  async 'route.path'(context) {
    const result = await context.callValid()
    if (result.kind !== 'success')
      context.fail(context.operation.rest, `is not served; got ${describeResult(result)}`)
  },

  async 'route.method'(context) {
    const { methods, status, code } = context.requirement.values
    const request = toRestRequest(context.operation, await context.makeArguments(context.operation))
    for (const method of [methods].flat().map(String)) {
      const result = await context.target.servers.rest.send({ ...request, method, body: undefined })
      context.expectEqual(method, result.status, status)
      if (method !== 'HEAD') {
        context.expectEqual(method, result.code, code)
        if (result.body === undefined) context.fail(method, 'came without a body')
      }
      context.expectEqual(`${method} Allow`, result.headers.allow, context.operation.allow.join(', '))
    }
  },

  async 'route.unknown'(context) {
    const { suffixes, status, code } = context.requirement.values
    const request = toRestRequest(context.operation, await context.makeArguments(context.operation))
    context.target.recorder?.requests.splice(0)
    for (const suffix of [suffixes].flat()) {
      const path = request.path + suffix
      const result = await context.target.servers.rest.send({ ...request, path })
      // An escaped slash belongs to the last variable where the path ends with one, and is refused there.
      const within = String(suffix).startsWith('%') && /\}$/.test(context.operation.rest)
      const wanted = within ? [400, 'invalid_argument'] : [status, code]
      context.expectEqual(`path with ${suffix}`, [result.status, result.code], wanted)
    }
    if (context.target.recorder) context.expectEqual('path', context.target.recorder.requests.length, 0)
  },

  async 'route.exact'(context) {
    const { path, method, headers: names } = context.requirement.values
    const { rest } = context.target.servers
    const valid = await context.makeArguments(context.operation)
    const request = toRestRequest(context.operation, valid)
    const upper = toRestRequest({ ...context.operation, rest: toUpperCase(context.operation.rest) }, valid)
    const other = await rest.send({ ...request, path: upper.path })
    context.expectEqual('path in another case', { status: other.status, code: other.code }, path)
    for (const name of toList(names).map(String)) {
      const headers = { ...request.headers, [name]: request.method }
      const { status, code } = await rest.send({ ...request, method: 'PUT', headers })
      context.expectEqual(name, { status, code }, method)
    }
  },

  async 'tool.names'(context) {
    const names = (await listTools(context)).map(({ name }) => name).sort()
    const known = context.requirements.operations.map(({ tool }) => tool).sort()
    const { policy } = context.target
    context.expectEqual('tools', names, policy ? known.filter((tool) => policy.tools.has(tool)) : known)
  },

  async 'tool.hints'(context) {
    const { annotations = {} } = await findTool(context)
    const { readOnly, destructive, idempotent } = context.operation.hints
    context.expectEqual('readOnlyHint', annotations.readOnlyHint, readOnly)
    context.expectEqual('destructiveHint', annotations.destructiveHint, destructive)
    context.expectEqual('idempotentHint', annotations.idempotentHint, idempotent)
    context.expectEqual('openWorldHint', annotations.openWorldHint, context.requirement.values.openWorld)
  },

  async 'tool.arguments'(context) {
    const { inputSchema = {} } = await findTool(context)
    const { names, required } = listOffered(context)
    context.expectEqual('arguments', Object.keys(asRecord(inputSchema.properties)).sort(), [...names].sort())
    context.expectEqual('required', [...(inputSchema.required ?? [])].sort(), [...required].sort())
    context.expectEqual('additionalProperties', inputSchema.additionalProperties, false)
    context.expectEqual('$ref', /"\$ref"/.test(JSON.stringify(inputSchema)), false)
  },

  async 'tool.output'(context) {
    const { outputSchema } = await findTool(context)
    if (outputSchema === undefined) return context.fail('outputSchema', 'is missing')
    const text = JSON.stringify(outputSchema ?? null)
    const hidden = context.target.policy?.redactsTokens ? /Token/ : undefined
    for (const name of listMembers(context).filter((one) => !hidden?.test(one)))
      context.expectEqual(name, text.includes(`"${name}":`), true)
    context.expectEqual('type', asRecord(outputSchema).type, 'object')
    context.expectEqual('required', /"required"|"additionalProperties":false/.test(text), false)
  },

  async 'tool.words'(context) {
    const tools = await listTools(context)
    const { title = '', description = '' } = await findTool(context)
    context.expectEqual('title', title.length > 0, true)
    context.expectEqual('description', tools.filter((one) => one.description === description).length, 1)
    context.expectEqual(
      'description',
      description.length >= Number(context.requirement.values.shortest),
      true,
    )
    context.expectEqual('description', /<[a-z/]/i.test(description), false)
  },

  async 'tool.unknown'(context) {
    const server = context.target.servers.mcp.find((one) => one === context.server)
    for (const name of toList(context.requirement.values.names).map(String)) {
      const outcome = await server?.callTool(name, {}).then(
        () => 'a response',
        (error: unknown) => (/unknown tool/i.test(String(error)) ? 'a refusal' : String(error)),
      )
      context.expectEqual(name, outcome, 'a refusal')
    }
  },

  async 'era.initialize'(context) {
    for (const revision of [context.requirement.values.revisions].flat()) {
      const { protocolVersion } = await initialize(context, revision)
      context.expectEqual(`initialize ${revision}`, protocolVersion, revision)
      const listed = await ask(context, 'tools/list', {}, { 'mcp-protocol-version': String(revision) })
      const tools = [asRecord(listed.result).tools].flat()
      const { operations } = context.requirements
      const expected = context.target.policy?.tools.size ?? operations.length
      context.expectEqual(`tools/list ${revision}`, tools.length, expected)
    }
  },

  async 'era.negotiated'(context) {
    const { unknown, revisions } = context.requirement.values
    const { protocolVersion: offered } = await initialize(context, unknown)
    if (!toList(revisions).includes(offered))
      context.fail(
        `initialize ${unknown}`,
        `must offer a revision of the server's, got ${showValue(offered)}`,
      )
  },

  async 'era.instructions'(context) {
    const { words, revision } = context.requirement.values
    const discovered = await askStateless(context, 'server/discover', String(revision))
    const said = {
      initialize: await initialize(context, '2025-11-25'),
      'server/discover': asRecord(discovered.result),
    }
    for (const [method, { instructions }] of Object.entries(said))
      for (const word of toList(words).map(String))
        if (!String(instructions).includes(word))
          context.fail(`${method} instructions`, `must tell a model of "${word}"`)
  },

  async 'era.messages'(context) {
    const { version, unknownMethod } = context.requirement.values
    const headers = { 'mcp-protocol-version': String(version) }
    const { result } = await ask(context, 'ping', {}, headers)
    context.expectEqual('ping', result, {})
    const { error } = await ask(context, 'no/such-method', {}, headers)
    context.expectEqual('unknown method', asRecord(error).code, unknownMethod)
    const notice = JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' })
    const init = { method: 'POST', headers: { ...rpcHeaders, ...context.server.headers, ...headers } }
    const response = await fetch(context.server.url, { ...init, body: notice })
    context.expectEqual('notification', [response.status, await response.text()], [202, ''])
  },

  async 'tool.progress'(context) {
    const { version } = context.requirement.values
    const params = {
      name: context.operation.tool,
      arguments: await context.makeArguments(context.operation),
      _meta: { progressToken: 1 },
    }
    const { result, error } = await ask(context, 'tools/call', params, {
      'mcp-protocol-version': String(version),
    })
    if (result === undefined) context.fail('_meta.progressToken', `must not matter, got ${showValue(error)}`)
  },

  async 'tool.same-id'(context) {
    const { version } = context.requirement.values
    const headers = { 'mcp-protocol-version': String(version) }
    const valid = await context.makeArguments(context.operation)
    const ids = [absentUser, absentUser - 1]
    const read = async (userId: number) => {
      const params = { name: context.operation.tool, arguments: { ...valid, userId } }
      return readToolResult((await ask(context, 'tools/call', params, headers)).result).text
    }
    for (const [index, text] of (await Promise.all(ids.map(read))).entries())
      if (!text.includes(String(ids[index])))
        context.fail('id', 'the result of another client came, whose call has the same JSON-RPC id')
  },

  async 'era.stateless'(context) {
    const revision = String(context.requirement.values.revision)
    const { result } = await askStateless(context, 'server/discover', revision)
    context.expectEqual(
      'supportedVersions',
      [asRecord(result).supportedVersions].flat().includes(revision),
      true,
    )
    context.expectEqual('tools', asRecord(asRecord(result).capabilities).tools !== undefined, true)
    context.expectEqual(
      'era',
      eras.some(({ name }) => name.endsWith(revision)),
      true,
    )
  },

  async 'document.served'(context) {
    const { path, server } = context.requirement.values
    const request = { method: 'GET', path: String(path), headers: {}, body: undefined }
    const { status, body, headers } = await context.target.servers.rest.send(request)
    const { servers, paths } = asRecord(body)
    context.expectEqual('status', status, 200)
    context.expectEqual('content-type', readMediaType(headers), 'application/json')
    context.expectEqual('servers', asRecord(asRecord(servers)[0]).url, server)
    const described = Object.entries(asRecord(paths)).flatMap(([template, item]) =>
      ['get', 'post', 'patch', 'delete', 'put']
        .filter((method) => method in asRecord(item))
        .map((method) => `${method.toUpperCase()} ${template}`),
    )
    context.expectEqual(
      'paths',
      described.sort(),
      context.requirements.operations.map((one) => one.operation).sort(),
    )
  },
}

/** A tool as far as the checks look at it. */
export interface ListedTool {
  readonly name?: string
  readonly title?: string
  readonly description?: string
  readonly annotations?: Readonly<Record<string, unknown>>
  readonly inputSchema?: Readonly<Record<string, unknown>> & { readonly required?: readonly string[] }
  readonly outputSchema?: unknown
}

async function listTools({ target, server }: Context): Promise<ListedTool[]> {
  const tools = await target.servers.mcp.find((one) => one === server)?.listTools()
  return (tools ?? []).map((tool) => ({ ...asRecord(tool) }))
}

/** Returns the tool of the operation as `tools/list` shows it. */
export async function findTool(context: Context): Promise<ListedTool> {
  return (await listTools(context)).find(({ name }) => name === context.operation.tool) ?? {}
}

function listMembers({ operation, requirements }: Context): string[] {
  const collect = (shape: unknown): string[] => {
    if (typeof shape === 'string')
      return shape in requirements.responses ? collect(requirements.responses[shape]) : []
    if (isList(shape)) return shape.flatMap(collect)
    return Object.entries(asRecord(shape)).flatMap(([name, inner]) => [name, ...collect(inner)])
  }
  return ['status', ...collect(operation.response)]
}

/** Only what is fixed in a path is spelled otherwise: a variable is a value. */
function toUpperCase(template: string): string {
  return template.replaceAll(/\{\w+\}|[^{}]+/g, (part) => (part.startsWith('{') ? part : part.toUpperCase()))
}

/** Asks for a revision of the protocol, and returns the result. */
async function initialize(context: Context, protocolVersion: unknown) {
  const clientInfo = { name: 'contract', version: '1' }
  const { result } = await ask(context, 'initialize', { protocolVersion, capabilities: {}, clientInfo })
  return asRecord(result)
}

/** Sends a message of the stateless era. */
function askStateless(context: Context, method: string, revision: string) {
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': revision,
    'io.modelcontextprotocol/clientCapabilities': {},
  }
  return ask(context, method, { _meta }, { 'mcp-protocol-version': revision, 'mcp-method': method })
}

async function ask(
  { server }: Context,
  method: string,
  params: object,
  headers: Record<string, string> = {},
) {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })
  const init = { method: 'POST', headers: { ...rpcHeaders, ...server.headers, ...headers }, body }
  const response = await fetch(server.url, init)
  return readMessage(String(response.headers.get('content-type')), await response.text())
}

/** A gateway with configured credentials takes no secret, and has a client of its own. */
function listOffered({ operation, target }: Context) {
  const { arguments: names, required } = operation
  if (!target.configured) return { names, required }
  return {
    names: names.filter((name) => name !== 'x-cal-secret-key'),
    required: required.filter((name) => name !== 'clientId'),
  }
}
