import type { Prover, Scene } from '../judge.ts'
import { toRestRequest } from '../rest-door.ts'
import { setArgument } from '../values.ts'
import { readToolResult, type Verdict } from '../verdict.ts'
import { describe, expectRefusal } from './boundaries.ts'

/** JSON texts with two readings, or none. */
const unreadable = [
  '{"name":"Ada","name":"Bo"}',
  '{"a":1,"\\u0061":2}',
  '{"name":',
  '{"__proto__":{}}',
  '\ufeff{}',
]

/** The body as a whole: whether there is one, what it holds, and the text it is. */
export const bodies: Readonly<Record<string, Prover>> = {
  async 'body.required'(scene) {
    const values = setArgument(await scene.sound(scene.operation), 'body', undefined)
    scene.target.recorder?.requests.splice(0)
    expectRefusal(
      scene,
      'body',
      await scene.door.call(scene.operation, values),
      'a missing body must be refused',
    )
  },

  async 'body.unwanted'(scene) {
    const request = toRestRequest(scene.operation, await scene.sound(scene.operation))
    const headers = { ...request.headers, 'content-type': 'application/json' }
    scene.target.recorder?.requests.splice(0)
    const verdict = await scene.target.doors.rest.send({ ...request, headers, body: '{}' })
    expectRefusal(scene, 'body', verdict, 'a body must be refused')
  },

  async 'body.unknown'(scene) {
    const sound = await scene.sound(scene.operation)
    for (const name of [scene.requirement.values.names].flat()) {
      scene.target.recorder?.requests.splice(0)
      const verdict = await scene.door.call(scene.operation, setArgument(sound, `body.${name}`, 'text'))
      expectRefusal(scene, `body.${name}`, verdict, `the unknown member ${name} must be refused`)
    }
  },

  'body.create-required': proveMembers,
  'body.refresh-required': proveMembers,

  async 'body.one-reading'(scene) {
    const { door, operation, requirement, target } = scene
    const sound = await scene.sound(operation)
    for (const text of unreadable) {
      target.recorder?.requests.splice(0)
      const status =
        door.surface === 'rest' ? await sendText(scene, sound, text) : await postText(scene, sound, text)
      scene.check(`body ${text}`, status, requirement.values.status)
      if (target.recorder) scene.check(`body ${text}`, target.recorder.requests.length, 0)
    }
  },

  async 'body.size'(scene) {
    const { most, status, code } = scene.requirement.values
    for (const bytes of [Number(most), Number(most) + 1]) {
      const verdict = await sendJson(scene, '{}'.padEnd(bytes))
      const refused = { status: verdict.status, code: verdict.code }
      if (bytes > Number(most)) scene.check(`body of ${bytes} bytes`, refused, { status, code })
      else if (refused.status === status)
        scene.fail(`body of ${bytes} bytes`, `must be read; got ${describe(verdict)}`)
    }
  },

  async 'body.type'(scene) {
    const { types, status, code } = scene.requirement.values
    for (const type of [types].flat()) {
      const verdict = await sendJson(scene, '{}', String(type))
      scene.check(`body of type ${type}`, [verdict.status, verdict.code], [status, code])
      if (scene.target.recorder) scene.check(`body of type ${type}`, scene.target.recorder.requests.length, 0)
    }
  },
}

async function proveMembers(scene: Scene): Promise<void> {
  const sound = await scene.sound(scene.operation)
  for (const name of [scene.requirement.values.names].flat()) {
    scene.target.recorder?.requests.splice(0)
    const verdict = await scene.door.call(scene.operation, setArgument(sound, `body.${name}`, undefined))
    expectRefusal(scene, `body.${name}`, verdict, `a body without ${name} must be refused`)
  }
}

async function sendJson(scene: Scene, body: string, type = 'application/json'): Promise<Verdict> {
  const request = toRestRequest(scene.operation, await scene.sound(scene.operation))
  const headers = { ...request.headers, 'content-type': type }
  scene.target.recorder?.requests.splice(0)
  return scene.target.doors.rest.send({ ...request, headers, body })
}

async function sendText({ operation, target, requirement, check }: Scene, sound: object, text: string) {
  const request = toRestRequest(operation, { ...sound, body: {} })
  const verdict = await target.doors.rest.send({ ...request, body: text })
  check(`body ${text}`, verdict.code, requirement.values.code)
  return verdict.status
}

/** No client sends such a text, so it goes out by hand, in the body argument of a call. */
async function postText({ operation, door }: Scene, sound: object, text: string) {
  const call = {
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/call',
    params: { name: operation.tool, arguments: { ...sound, body: null } },
  }
  const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }
  const body = JSON.stringify(call).replace('"body":null', `"body":${text}`)
  const response = await fetch(door.url, { method: 'POST', headers, body })
  const answer = Object(JSON.parse(await response.text()))
  return answer.result ? readToolResult(answer.result).status : response.status
}
