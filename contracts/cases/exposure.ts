import type { Prover, Scene } from '../judge.ts'
import { eras } from '../mcp-door.ts'
import { toRestRequest } from '../rest-door.ts'
import { describe } from './boundaries.ts'

const rpcHeaders = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }

/** What is there to be called: paths, methods, tools and protocol revisions. */
export const exposure: Readonly<Record<string, Prover>> = {
  async 'route.path'(scene) {
    const verdict = await scene.door.call(scene.operation, await scene.sound(scene.operation))
    if (verdict.kind !== 'answered')
      scene.fail(scene.operation.rest, `is not served; got ${describe(verdict)}`)
  },

  async 'route.method'(scene) {
    const { methods, status, code } = scene.requirement.values
    const request = toRestRequest(scene.operation, await scene.sound(scene.operation))
    for (const method of [methods].flat().map(String)) {
      const { headers, body } = await scene.target.doors.rest
        .send({ ...request, method, body: undefined })
        .then((verdict) => {
          scene.check(method, verdict.status, status)
          if (method !== 'HEAD') scene.check(method, verdict.code, code)
          return verdict
        })
      if (body === undefined && method !== 'HEAD') scene.fail(method, 'answered without a body')
      scene.check(`${method} Allow`, headers.allow, scene.operation.allow.join(', '))
    }
  },

  async 'route.unknown'(scene) {
    const { suffixes, status, code } = scene.requirement.values
    const request = toRestRequest(scene.operation, await scene.sound(scene.operation))
    scene.target.recorder?.requests.splice(0)
    for (const suffix of [suffixes].flat()) {
      const path = request.path + suffix
      const verdict = await scene.target.doors.rest.send({ ...request, path })
      // An escaped slash belongs to the last variable where the path ends with one, and is refused there.
      const within = String(suffix).startsWith('%') && /\}$/.test(scene.operation.rest)
      const wanted = within ? [400, 'invalid_argument'] : [status, code]
      scene.check(`path with ${suffix}`, [verdict.status, verdict.code], wanted)
    }
    if (scene.target.recorder) scene.check('path', scene.target.recorder.requests.length, 0)
  },

  async 'tool.names'(scene) {
    const names = (await listTools(scene)).map(({ name }) => name).sort()
    scene.check('tools', names, scene.requirements.operations.map(({ tool }) => tool).sort())
  },

  async 'tool.hints'(scene) {
    const { annotations = {} } = await findTool(scene)
    const { readOnly, destructive, idempotent } = scene.operation.hints
    scene.check('readOnlyHint', annotations.readOnlyHint, readOnly)
    scene.check('destructiveHint', annotations.destructiveHint, destructive)
    scene.check('idempotentHint', annotations.idempotentHint, idempotent)
    scene.check('openWorldHint', annotations.openWorldHint, scene.requirement.values.openWorld)
  },

  async 'tool.arguments'(scene) {
    const { inputSchema = {} } = await findTool(scene)
    const { arguments: names, required } = scene.operation
    scene.check('arguments', Object.keys(Object(inputSchema.properties)).sort(), [...names].sort())
    scene.check('required', [...(inputSchema.required ?? [])].sort(), [...required].sort())
    scene.check('additionalProperties', inputSchema.additionalProperties, false)
    scene.check('$ref', /"\$ref"/.test(JSON.stringify(inputSchema)), false)
  },

  async 'tool.output'(scene) {
    const { outputSchema } = await findTool(scene)
    const text = JSON.stringify(outputSchema ?? null)
    for (const name of listMembers(scene)) scene.check(name, text.includes(`"${name}":`), true)
    scene.check('type', Object(outputSchema).type, 'object')
    scene.check('required', /"required"|"additionalProperties":false/.test(text), false)
  },

  async 'tool.words'(scene) {
    const tools = await listTools(scene)
    const { title = '', description = '' } = await findTool(scene)
    scene.check('title', title.length > 0, true)
    scene.check('description', tools.filter((one) => one.description === description).length, 1)
    scene.check('description', description.length >= Number(scene.requirement.values.shortest), true)
    scene.check('description', /<[a-z/]/i.test(description), false)
  },

  async 'tool.unknown'(scene) {
    const door = scene.target.doors.mcp.find((one) => one === scene.door)
    const outcome = await door?.callTool('no-such-tool', {}).then(
      () => 'an answer',
      (error: unknown) => (/unknown tool/i.test(String(error)) ? 'a refusal' : String(error)),
    )
    scene.check('no-such-tool', outcome, 'a refusal')
  },

  async 'era.initialize'(scene) {
    for (const revision of [scene.requirement.values.revisions].flat()) {
      const params = {
        protocolVersion: revision,
        capabilities: {},
        clientInfo: { name: 'contract', version: '1' },
      }
      const answer = await ask(scene, 'initialize', params)
      scene.check(`initialize ${revision}`, Object(answer.result).protocolVersion, revision)
      const listed = await ask(scene, 'tools/list', {}, { 'mcp-protocol-version': String(revision) })
      const tools = [Object(listed.result).tools].flat()
      scene.check(`tools/list ${revision}`, tools.length, scene.requirements.operations.length)
    }
  },

  async 'era.stateless'(scene) {
    const revision = String(scene.requirement.values.revision)
    const _meta = {
      'io.modelcontextprotocol/protocolVersion': revision,
      'io.modelcontextprotocol/clientCapabilities': {},
    }
    const headers = { 'mcp-protocol-version': revision, 'mcp-method': 'server/discover' }
    const { result } = await ask(scene, 'server/discover', { _meta }, headers)
    scene.check('supportedVersions', [Object(result).supportedVersions].flat().includes(revision), true)
    scene.check('tools', Object(Object(result).capabilities).tools !== undefined, true)
    scene.check(
      'era',
      eras.some(({ name }) => name.endsWith(revision)),
      true,
    )
  },

  async 'document.served'(scene) {
    const { path, server } = scene.requirement.values
    const request = { method: 'GET', path: String(path), headers: {}, body: undefined }
    const { status, body } = await scene.target.doors.rest.send(request)
    const { servers, paths } = Object(body)
    scene.check('status', status, 200)
    scene.check('servers', Object(Object(servers)[0]).url, server)
    const described = Object.entries(Object(paths)).flatMap(([template, item]) =>
      ['get', 'post', 'patch', 'delete', 'put']
        .filter((method) => method in Object(item))
        .map((method) => `${method.toUpperCase()} ${template}`),
    )
    scene.check('paths', described.sort(), scene.requirements.operations.map((one) => one.operation).sort())
  },
}

interface ListedTool {
  readonly name?: string
  readonly title?: string
  readonly description?: string
  readonly annotations?: Readonly<Record<string, unknown>>
  readonly inputSchema?: Readonly<Record<string, unknown>> & { readonly required?: readonly string[] }
  readonly outputSchema?: unknown
}

async function listTools({ target, door }: Scene): Promise<ListedTool[]> {
  const tools = await target.doors.mcp.find((one) => one === door)?.listTools()
  return (tools ?? []).map((tool) => ({ ...Object(tool) }))
}

async function findTool(scene: Scene): Promise<ListedTool> {
  return (await listTools(scene)).find(({ name }) => name === scene.operation.tool) ?? {}
}

function listMembers({ operation, requirements }: Scene): string[] {
  const collect = (shape: unknown): string[] => {
    if (typeof shape === 'string')
      return shape in requirements.answers ? collect(requirements.answers[shape]) : []
    if (Array.isArray(shape)) return shape.flatMap(collect)
    return Object.entries(Object(shape)).flatMap(([name, inner]) => [name, ...collect(inner)])
  }
  return ['status', ...collect(operation.answer)]
}

async function ask({ door }: Scene, method: string, params: object, headers: Record<string, string> = {}) {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })
  const response = await fetch(door.url, { method: 'POST', headers: { ...rpcHeaders, ...headers }, body })
  return Object(JSON.parse(await response.text()))
}
