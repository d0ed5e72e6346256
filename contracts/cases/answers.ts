import type { Prover, Scene } from '../judge.ts'
import { findDepartures } from '../shapes.ts'
import { describe } from './boundaries.ts'

/** An answer with members and values that no document foresaw. */
const unforeseen =
  '{"status":"success", "data":{"id":12345678901234567890,"extra":[1.50,"\\u0041"],"email":null},"more":{"\\udfff":true}}'

/** Cal.com's successes as they arrive. */
export const answers: Readonly<Record<string, Prover>> = {
  async 'answer.status'(scene) {
    const verdict = await scene.door.call(scene.operation, await scene.sound(scene.operation))
    if (verdict.kind !== 'answered') scene.fail('status', `expected success, got ${describe(verdict)}`)
    else if (scene.door.surface === 'rest') scene.check('status', verdict.status, scene.operation.success)
  },

  async 'answer.members'(scene) {
    const verdict = await scene.door.call(scene.operation, await scene.sound(scene.operation))
    const { answers: shapes } = scene.requirements
    const shape = { status: 'string', ...scene.operation.answer }
    for (const { place, message } of findDepartures(verdict.body, shape, shapes)) scene.fail(place, message)
    checkFigures(scene, verdict.body)
    if (scene.door.surface === 'mcp') return checkText(scene, verdict.text, verdict.body)
    const { type, safe } = scene.requirement.values
    scene.check('content-type', String(verdict.headers['content-type']).split(';')[0], type)
    // A proxy before a gateway that runs elsewhere adds headers of its own.
    if (scene.door !== scene.target.doors.rest || !scene.target.build) return
    const foreign = Object.keys(verdict.headers).filter((name) => ![safe].flat().includes(name))
    scene.check('headers', foreign, [])
  },

  async 'answer.whole'(scene) {
    const { recorder } = scene.target
    const values = await scene.sound(scene.operation)
    if (!recorder) return
    recorder.script = (_request, response) =>
      response.writeHead(scene.operation.success, { 'content-type': 'application/json' }).end(unforeseen)
    const verdict = await scene.door.call(scene.operation, values)
    scene.check('text', verdict.text, unforeseen)
    scene.check('answer', verdict.body, JSON.parse(unforeseen))
    if (scene.door.surface === 'rest') scene.check('status', verdict.status, scene.operation.success)
  },

  async 'answer.safe'(scene) {
    const { recorder } = scene.target
    const { kept = {}, dropped = {} } = scene.requirement.values
    const values = await scene.sound(scene.operation)
    if (!recorder) return
    recorder.script = (_request, response) =>
      response
        .writeHead(scene.operation.success, {
          'content-type': 'application/json; charset=utf-8',
          ...Object(kept),
          ...Object(dropped),
        })
        .end('{"status":"success","data":{}}')
    const { headers } = await scene.door.call(scene.operation, values)
    for (const [name, value] of Object.entries(kept ?? {})) scene.check(name, headers[name], value)
    for (const name of Object.keys(dropped ?? {})) scene.check(name, headers[name], undefined)
  },
}

/** What a type cannot say: who succeeded, moments in milliseconds, ids that are ids. */
function checkFigures({ check, fail }: Scene, body: unknown): void {
  const { status, data } = Object(body)
  check('status', status, 'success')
  for (const holder of [data].flat()) {
    const user = Object(holder).user ?? holder
    const { id, createdDate } = Object(user)
    if (id !== undefined && !(Number(id) >= 1 && Number(id) <= 2_147_483_647)) fail('id', `${id} is no id`)
    if (createdDate !== undefined && !isMoment(createdDate))
      fail('createdDate', 'is no ISO 8601 moment in UTC')
    for (const name of ['accessTokenExpiresAt', 'refreshTokenExpiresAt']) {
      const moment = Object(holder)[name]
      // Seconds since the epoch would lie before 1971 when read as milliseconds.
      if (moment !== undefined && !(Number(moment) > 1e12)) fail(name, `${moment} are no milliseconds`)
    }
  }
}

function isMoment(value: unknown): boolean {
  return typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(value)
}

/** The text a model reads says what the structured content says. */
function checkText({ check, fail }: Scene, text: string, body: unknown): void {
  try {
    check('content', JSON.parse(text), body)
  } catch {
    fail('content', 'the text of the result is no JSON')
  }
}
