import { asRecord } from '../../src/document/json.ts'
import type { Check, Context } from '../context.ts'
import { leadToAbsentUser } from '../created-users.ts'
import { eras, openMcpClient } from '../mcp-client.ts'
import { sendRequest } from '../rest/valid-request.ts'
import { toRestRequest } from '../rest-client.ts'
import { setArgument, toList } from '../values.ts'
import { describeResult } from './boundaries.ts'
import { see } from './requests.ts'

const secretName = 'x-cal-secret-key'

/** Who may call, and as whom the gateway calls. */
export const credentials: Readonly<Record<string, Check>> = {
  async 'secret.required'(context) {
    const { status, code } = context.requirement.values
    const values = setArgument(await context.makeArguments(context.operation), secretName, undefined)
    context.target.recorder?.requests.splice(0)
    const result = await context.server.call(context.operation, values)
    context.expectEqual(
      secretName,
      [result.kind, result.status, result.code],
      ['gateway_error', status, code],
    )
    if (context.target.recorder) context.expectEqual(secretName, context.target.recorder.requests.length, 0)
  },

  async 'secret.query'(context) {
    const values = setArgument(await context.makeArguments(context.operation), secretName, undefined)
    const { path, ...request } = toRestRequest(context.operation, values)
    const query = `${secretName}=${encodeURIComponent(context.target.secret)}`
    context.target.recorder?.requests.splice(0)
    const { kind } = await context.target.servers.rest.send({ ...request, path: `${path}?${query}` })
    context.expectEqual(secretName, kind, 'gateway_error')
    if (context.target.recorder) context.expectEqual(secretName, context.target.recorder.requests.length, 0)
  },

  async 'secret.elsewhere'(context) {
    const { server, target, operation, requirement } = context
    const absent = leadToAbsentUser(await context.makeArguments(operation))
    const request = toRestRequest(operation, setArgument(absent, secretName, undefined))
    const places = { cookie: `${secretName}=${target.secret}`, authorization: `Bearer ${target.secret}` }
    for (const [name, value] of Object.entries(places)) {
      // A gateway that asks for a key of its own reads it there.
      if (name in server.headers) continue
      const { status } = await target.servers.rest.send({
        ...request,
        headers: { ...request.headers, [name]: value },
      })
      context.expectEqual(name, status, requirement.values.status)
    }
  },

  async 'secret.header-read'(context) {
    await callByHeader(context)
  },

  async 'secret.header'(context) {
    context.target.recorder?.requests.splice(0)
    await callByHeader(context)
    const [sent] = context.target.recorder?.requests ?? []
    context.expectEqual(secretName, sent?.headers[secretName], context.target.secret)
  },

  async 'secret.sent'(context) {
    const [sent] = await see(context, await context.makeArguments(context.operation))
    const headers = sent?.headers
    context.expectEqual(secretName, headers?.[secretName], context.target.secret)
    context.expectEqual('x-cal-client-id', headers?.['x-cal-client-id'], context.target.clientId)
    context.expectEqual('authorization', headers?.authorization, undefined)
  },

  async 'secret.key'(context) {
    const key = 'cal_contract'
    const values = setArgument(await context.makeArguments(context.operation), secretName, undefined)
    const servers = await context.target.build?.({ CAL_COM_API_KEY: key, MCP_TOKENS: 'reveal' })
    const server = [servers?.rest, ...(servers?.mcp ?? [])].find((one) => one?.name === context.server.name)
    context.target.recorder?.requests.splice(0)
    const result = await server?.call(context.operation, values)
    const [sent] = context.target.recorder?.requests ?? []
    const bearer = context.operation.apiKey ? `Bearer ${key}` : undefined
    context.expectEqual('authorization', sent?.headers.authorization, bearer)
    context.expectEqual(secretName, sent?.headers[secretName], undefined)
    if (!context.operation.apiKey) context.expectEqual('code', result?.code, 'missing_credentials')
  },

  async 'source.host'(context) {
    const { hosts, status, code } = context.requirement.values
    for (const host of toList(hosts).map(String))
      context.expectEqual(`host ${host}`, await knock(context, { host }), { status, code })
  },

  async 'source.origin'(context) {
    const { origins, status, code } = context.requirement.values
    for (const origin of toList(origins).map(String))
      context.expectEqual(`origin ${origin}`, await knock(context, { origin }), { status, code })
  },
}

/** Calls with the secret as a header of the MCP request, which must do. */
async function callByHeader(context: Context): Promise<void> {
  const era = eras.find(({ name }) => name === context.server.name)
  if (!era) return context.fail('era', `${context.server.name} is not known`)
  const valid = await context.makeArguments(context.operation)
  const server = await openMcpClient(context.server.url, era, { [secretName]: context.target.secret })
  const result = await server.call(context.operation, setArgument(valid, secretName, undefined))
  await server.close()
  // Nobody has the user that is asked for, unless the run has made it.
  if (result.kind !== 'success' && result.status !== 404)
    context.fail(secretName, `as a header must do; got ${describeResult(result)}`)
}

/** Sends a request from another place, and returns how it was refused. */
async function knock({ server, target }: Context, headers: Readonly<Record<string, string>>) {
  const isRest = server.surface === 'rest'
  const method = isRest ? 'GET' : 'POST'
  const url = isRest ? `/v1/v2/oauth-clients/${target.clientId}/users` : ''
  const { status, body } = await sendRequest(server.url.replace(/\/$/, ''), { method, url, headers })
  const { code, error } = asRecord(body)
  return { status, code: code ?? asRecord(asRecord(error).data).code }
}
