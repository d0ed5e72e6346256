import { readDocument } from '../../src/document/document.ts'
import type { Prover, Scene } from '../judge.ts'
import type { Script } from '../recorder.ts'
import type { ErrorFacts } from '../requirements.ts'
import { listAnswers } from '../rest/answers.ts'
import { findDepartures } from '../shapes.ts'
import { setArgument } from '../values.ts'
import type { Verdict } from '../verdict.ts'
import { describe } from './boundaries.ts'

/** Clients of one call each: what an error makes the gateway remember of a client meets no other call. */
let clients = 0

/** Answers that are none, and the code each becomes. */
const unusable: Readonly<Record<string, readonly [Script, string]>> = {
  'a redirect': [
    (_request, response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
    'upstream_invalid_response',
  ],
  'a page': [
    (_request, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<p>'),
    'upstream_invalid_response',
  ],
  'half a JSON text': [
    (_request, response) => response.writeHead(200, { 'content-type': 'application/json' }).end('{"status":'),
    'upstream_invalid_response',
  ],
  'a cut answer': [
    (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': 100 })
      response.write('{"status":', () => response.destroy())
    },
    'upstream_connection_lost',
  ],
}

/** Errors: Cal.com's own, and those the gateway raises. */
export const errors: Readonly<Record<string, Prover>> = {
  async 'error.understood'(scene) {
    const { recorder } = scene.target
    const sound = await scene.sound(scene.operation)
    for (const name of new Set([...scene.operation.errors, ...listDocumented(scene)])) {
      const facts = scene.requirements.errors.get(name)
      if (!facts || !recorder) return scene.fail(name, 'is not known')
      clients += 1
      recorder.prefer = `code=${facts.status}, example=${name}`
      const verdict = await scene.door.call(scene.operation, { ...sound, clientId: `contract-${clients}` })
      recorder.prefer = undefined
      checkError(scene, name, facts, verdict)
    }
  },

  async 'error.echo'(scene) {
    const { recorder, secret } = scene.target
    const planted = 'planted-token-5f2e'
    const sound = await scene.sound(scene.operation)
    if (!recorder) return
    recorder.script = (request, response) => {
      const message = `no ${planted}@example.org for ${secret}`
      const details = {
        errors: [{ target: { planted }, value: planted, property: 'email', constraints: {} }],
      }
      const error = { code: 'BadRequestException', message, details }
      const body = {
        status: 'error',
        timestamp: '2026-11-22T10:00:00.000Z',
        path: `${request.url}?q=${planted}`,
        error,
      }
      response.writeHead(400, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    }
    const verdict = await scene.door.call(scene.operation, sound)
    const arrived = verdict.text + JSON.stringify(verdict.body)
    scene.check('status', verdict.status, 400)
    scene.check('target', arrived.includes(planted), false)
    scene.check('x-cal-secret-key', arrived.includes(secret), false)
  },

  async 'answer.unusable'(scene) {
    const { recorder } = scene.target
    const { status, outcome } = scene.requirement.values
    for (const [what, [script, code]] of Object.entries(unusable)) {
      const sound = await scene.sound(scene.operation)
      if (!recorder) return
      recorder.script = script
      recorder.requests.length = 0
      const verdict = await scene.door.call(scene.operation, sound)
      recorder.script = undefined
      const said = [verdict.kind, verdict.status, verdict.code, Object(verdict.body).outcome]
      scene.check(what, said, ['refused', status, code, outcome])
    }
  },

  async 'problem.form'(scene) {
    const { members, outcomes, prefix } = scene.requirement.values
    const values = setArgument(await scene.sound(scene.operation), 'x-cal-secret-key', undefined)
    const { body } = await scene.door.call(scene.operation, values)
    for (const { place, message } of findDepartures(body, Object(members), {})) scene.fail(place, message)
    const { type, code, outcome } = Object(body)
    scene.check('type', type, `${prefix}${code}`)
    scene.check('outcome', [outcomes].flat().includes(outcome), true)
  },
}

/** Errors that the document gives the operation beside: a caller may rely on those as well. */
function listDocumented({ operation }: Scene): string[] {
  return listAnswers(readDocument())
    .filter(({ method, path }) => `${method} ${path}` === operation.operation)
    .filter(({ status, mediaType }) => status >= 400 && mediaType === 'application/json')
    .flatMap(({ examples }) => [...examples.keys()])
}

function checkError(scene: Scene, name: string, facts: ErrorFacts, verdict: Verdict): void {
  const { status, shape, code } = facts
  const { fail, requirements, door } = scene
  const place = (member: string) => `${name}.${member}`
  if (verdict.kind !== 'failed') {
    fail(name, `expected Cal.com's ${status}, got ${describe(verdict)}`)
    return
  }
  scene.check(place('status'), verdict.status, status)
  if (code !== undefined) scene.check(place('error.code'), verdict.code, code)
  // The document takes any of the shapes that an operation can answer with by this status.
  const departures = listShapes(scene, shape, status)
    .map((name) => [
      ...findDepartures(verdict.body, requirements.answers[name] ?? 'any', requirements.answers),
      ...listFinePrint(name, Object(Object(verdict.body).error)),
    ])
    .reduce((best, one) => (one.length < best.length ? one : best))
  for (const one of departures) fail(place(one.place), one.message)
  const { status: word, statusCode, message, error } = Object(verdict.body)
  if (shape === 'bare') scene.check(place('statusCode'), statusCode, status)
  else scene.check(place('status word'), word, 'error')
  const details = Object(Object(error).details)
  if (details.statusCode !== undefined)
    scene.check(place('error.details.statusCode'), details.statusCode, status)
  if (door.surface === 'rest') checkType(scene, name, verdict)
  if (door.surface !== 'mcp') return
  // A model reads the text alone: it must say the status, the code and what to do now.
  const told = [String(status), code ?? '', String(Object(error).message ?? message ?? ''), 'Next: ']
  for (const words of told) if (!verdict.text.includes(words)) fail(place('text'), `does not say ${words}`)
}

/** The shapes of all errors by which an operation answers with a status, the wanted one first. */
function listShapes({ operation, requirements }: Scene, wanted: string, status: number): string[] {
  const shapes = operation.errors.flatMap((name) => {
    const facts = requirements.errors.get(name)
    return facts?.status === status ? [facts.shape] : []
  })
  return [wanted, ...shapes]
}

function checkType(scene: Scene, name: string, { headers }: Verdict): void {
  const type = String(headers['content-type']).split(';')[0]
  scene.check(`${name}.content-type`, type, 'application/json')
}

/** What a shape can not say: a plain error has nothing more, and a validation error lists sentences. */
function listFinePrint(shape: string, error: Readonly<Record<string, unknown>>) {
  const found = (place: string, message: string) => [{ place, message }]
  const further = Object.keys(error).filter((name) => name !== 'code' && name !== 'message')
  if (shape === 'plain')
    return further.flatMap((name) => found(`error.${name}`, 'has no place in this shape'))
  if (shape !== 'validation') return []
  return [Object(error.details).errors ?? []].flat().flatMap((one: unknown) => {
    const { children = [], constraints = {} } = Object(one)
    return [
      ...(Array.isArray(children) ? [] : found('error.details.errors.children', 'must be an array')),
      ...(Object.values(Object(constraints)).every((words) => typeof words === 'string')
        ? []
        : found('error.details.errors.constraints', 'must hold sentences')),
    ]
  })
}
