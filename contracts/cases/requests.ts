import type { Prover, Scene } from '../judge.ts'
import type { RecordedRequest } from '../recorder.ts'
import { toRestRequest } from '../rest-door.ts'
import { setArgument } from '../values.ts'
import type { CallArguments } from '../verdict.ts'

/** Members in an odd order, with odd spacing and escapes: bytes that no serialiser would write again. */
const oddBodies: Readonly<Record<string, string>> = {
  create:
    '{ "name":"\\u0041da \\ud83c\\udf88",\n"email" : "odd@example.org","metadata":{"n":1.50,"s":"\\/"} }',
  update: '{ "bio":"\\u0041\\/da" ,\n"metadata" : {"n":1.50,"big":12345678901234567890} }',
  refresh: '{\n"refreshToken" :\t"\\u0041\\/da"}',
}

/** The request that Cal.com gets. */
export const requests: Readonly<Record<string, Prover>> = {
  async 'request.line'(scene) {
    const values = await scene.sound(scene.operation)
    const sent = await see(scene, values)
    const [method = '', template = ''] = scene.operation.operation.split(' ')
    const path = template.replaceAll(/\{(\w+)\}/g, (_, name: string) => String(values[name]))
    scene.check('requests', sent.length, 1)
    scene.check('method', sent[0]?.method, method)
    scene.check('path', sent[0]?.url, path)
  },

  async 'request.headers'(scene) {
    const { always, body, framing } = scene.requirement.values
    const values = await scene.sound(scene.operation)
    const [sent] = await see(scene, values)
    const allowed = [always, values.body === undefined ? [] : body].flat().map(String)
    const names = Object.keys(sent?.headers ?? {}).filter((name) => ![framing].flat().includes(name))
    scene.check('headers', names.sort(), allowed.sort())
    scene.check('accept', sent?.headers.accept, 'application/json')
    if (values.body !== undefined)
      scene.check('content-type', sent?.headers['content-type'], 'application/json')
    if (scene.door.surface === 'rest') await sendForeignHeaders(scene, values, allowed)
  },

  async 'request.body'(scene) {
    const text = oddBodies[scene.operation.name] ?? '{}'
    const sound = await scene.sound(scene.operation)
    if (scene.door.surface === 'mcp') {
      const body: unknown = JSON.parse(text.replace('12345678901234567890', '12'))
      const [sent] = await see(scene, setArgument(sound, 'body', body))
      return void scene.check('body', sent && JSON.parse(sent.body.toString()), body)
    }
    const request = toRestRequest(scene.operation, sound)
    scene.target.recorder?.requests.splice(0)
    await scene.target.doors.rest.send({ ...request, body: text })
    scene.check('body', scene.target.recorder?.requests[0]?.body.toString(), text)
  },

  async 'request.emails'(scene) {
    const { emails, query } = scene.requirement.values
    const [sent] = await see(scene, { ...(await scene.sound(scene.operation)), emails })
    scene.check('emails', sent?.url.split('?')[1], query)
  },

  async 'request.idempotency'(scene) {
    const { status, code, longest } = scene.requirement.values
    const { recorder, doors } = scene.target
    const call = async (key: string, values: CallArguments) => {
      const request = toRestRequest(scene.operation, values)
      return doors.rest.send({ ...request, headers: { ...request.headers, 'idempotency-key': key } })
    }
    const values = await scene.sound(scene.operation)
    keys += 1
    const key = `${Date.now()}-${keys}-`.padEnd(Number(longest), 'k')
    recorder?.requests.splice(0)
    const [first, second] = [await call(key, values), await call(key, values)]
    scene.check('requests', recorder?.requests.length, 1)
    scene.check('idempotency-key', recorder?.requests[0]?.headers['idempotency-key'], undefined)
    scene.check('answer', second.text, first.text)
    scene.check('answer', first.kind, 'answered')
    const other = await call(key, changeCall(values))
    scene.check('another call', [other.status, other.code], [status, code])
    const long = await call(`${key}k`, values)
    scene.check('Idempotency-Key', [long.code, ...long.places], ['invalid_argument', 'Idempotency-Key'])
    scene.check('requests', recorder?.requests.length, 1)
  },
}

/** Another call of the same caller: a key belongs to one call, and to who makes it. */
function changeCall(values: CallArguments): CallArguments {
  if ('userId' in values) return { ...values, userId: 2_147_483_646 }
  const { refreshToken } = Object(values.body)
  return setArgument(values, refreshToken === undefined ? 'body.name' : 'body.refreshToken', 'another')
}

/** Counts through one run, so that no two trials share a key. */
let keys = 0

/** The requests that a call sends. */
export async function see(scene: Scene, values: CallArguments): Promise<readonly RecordedRequest[]> {
  scene.target.recorder?.requests.splice(0)
  await scene.door.call(scene.operation, values)
  return [...(scene.target.recorder?.requests ?? [])]
}

async function sendForeignHeaders(scene: Scene, values: CallArguments, allowed: readonly string[]) {
  const foreign = {
    cookie: 'a=b',
    prefer: 'code=500',
    'x-forwarded-for': '10.0.0.1',
    'x-cal-platform-embed': 'true',
  }
  const request = toRestRequest(scene.operation, values)
  scene.target.recorder?.requests.splice(0)
  await scene.target.doors.rest.send({ ...request, headers: { ...request.headers, ...foreign } })
  const [sent] = scene.target.recorder?.requests ?? []
  for (const name of Object.keys(foreign))
    scene.check(name, sent?.headers[name], allowed.includes(name) ? 'sent' : undefined)
}
