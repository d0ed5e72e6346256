import { type IncomingHttpHeaders, request as requestHttp } from 'node:http'
import { text as readAll } from 'node:stream/consumers'
import type { Prover, Scene } from '../judge.ts'
import { eras, openMcpDoor } from '../mcp-door.ts'
import { setArgument } from '../values.ts'
import { describe } from './boundaries.ts'

const secretName = 'x-cal-secret-key'

/** Who may call, and as whom the gateway calls. */
export const credentials: Readonly<Record<string, Prover>> = {
  async 'secret.required'(scene) {
    const { status, code } = scene.requirement.values
    const values = setArgument(await scene.sound(scene.operation), secretName, undefined)
    scene.target.recorder?.requests.splice(0)
    const verdict = await scene.door.call(scene.operation, values)
    scene.check(secretName, [verdict.kind, verdict.status, verdict.code], ['refused', status, code])
    if (scene.target.recorder) scene.check(secretName, scene.target.recorder.requests.length, 0)
  },

  async 'secret.header'(scene) {
    const era = eras.find(({ name }) => name === scene.door.name)
    if (!era) return scene.fail('era', `${scene.door.name} is not known`)
    const sound = await scene.sound(scene.operation)
    const door = await openMcpDoor(scene.door.url, era, { [secretName]: scene.target.secret })
    scene.target.recorder?.requests.splice(0)
    const verdict = await door.call(scene.operation, setArgument(sound, secretName, undefined))
    await door.close()
    if (verdict.kind !== 'answered') scene.fail(secretName, `as a header must do; got ${describe(verdict)}`)
    const [sent] = scene.target.recorder?.requests ?? []
    scene.check(secretName, sent?.headers[secretName], scene.target.secret)
  },

  async 'secret.sent'(scene) {
    const headers = await callAndSee(scene)
    scene.check(secretName, headers?.[secretName], scene.target.secret)
    scene.check('x-cal-client-id', headers?.['x-cal-client-id'], scene.target.clientId)
    scene.check('authorization', headers?.authorization, undefined)
  },

  async 'secret.key'(scene) {
    const key = 'cal_contract'
    const values = setArgument(await scene.sound(scene.operation), secretName, undefined)
    await using doors = await scene.target.build?.({ CAL_COM_API_KEY: key, MCP_TOKENS: 'reveal' })
    const door = [doors?.rest, ...(doors?.mcp ?? [])].find((one) => one?.name === scene.door.name)
    scene.target.recorder?.requests.splice(0)
    const verdict = await door?.call(scene.operation, values)
    const [sent] = scene.target.recorder?.requests ?? []
    const bearer = scene.operation.apiKey ? `Bearer ${key}` : undefined
    scene.check('authorization', sent?.headers.authorization, bearer)
    scene.check(secretName, sent?.headers[secretName], undefined)
    if (!scene.operation.apiKey) scene.check('code', verdict?.code, 'missing_credentials')
  },

  async 'source.host'(scene) {
    const { host, status, code } = scene.requirement.values
    scene.check('host', await knock(scene, { host: String(host) }), { status, code })
  },

  async 'source.origin'(scene) {
    const { origin, status, code } = scene.requirement.values
    scene.check('origin', await knock(scene, { origin: String(origin) }), { status, code })
  },
}

/** Headers of the one request that a sound call sends. */
async function callAndSee(scene: Scene): Promise<IncomingHttpHeaders | undefined> {
  const values = await scene.sound(scene.operation)
  scene.target.recorder?.requests.splice(0)
  await scene.door.call(scene.operation, values)
  return scene.target.recorder?.requests[0]?.headers
}

/** `fetch` lets nobody choose a Host header. */
function knock({ door, target }: Scene, headers: Readonly<Record<string, string>>) {
  const isRest = door.surface === 'rest'
  const path = isRest ? `/v1/v2/oauth-clients/${target.clientId}/users` : ''
  const method = isRest ? 'GET' : 'POST'
  return new Promise((resolve, reject) => {
    const request = requestHttp(door.url.replace(/\/$/, '') + path, { method, headers }, (response) => {
      readAll(response).then((text) => {
        const body = Object(JSON.parse(text))
        resolve({ status: response.statusCode, code: body.code ?? Object(Object(body.error).data).code })
      }, reject)
    })
    request.on('error', reject).end()
  })
}
