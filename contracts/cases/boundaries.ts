import type { Prover, Scene } from '../judge.ts'
import { setArgument, showValue, spellOut } from '../values.ts'
import type { CallArguments, Verdict } from '../verdict.ts'

/** Tries each value of the requirement: what it accepts must be sent, what it refuses must not. */
const proveValues: Prover = async (scene) => {
  const { requirement, operation, door, sound } = scene
  const { argument = '', accepts, refuses } = requirement
  // Refused calls use nothing up, so one set of arguments serves them all.
  const base = await sound(operation)
  for (const value of refuses) {
    const spelled = spellOut(value)
    scene.target.recorder?.requests.splice(0)
    const verdict = await door.call(operation, setArgument(base, argument, spelled))
    expectRefusal(scene, argument, verdict, `${showValue(spelled)} must be refused`)
  }
  for (const value of accepts) {
    const spelled = spellOut(value)
    const values = setArgument(await sound(operation), argument, spelled)
    expectAcceptance(
      scene,
      argument,
      await door.call(operation, values),
      `${showValue(spelled)} must be sent`,
    )
  }
}

/** The call must have been refused by the name of the argument, without reaching the upstream. */
export function expectRefusal(scene: Scene, argument: string, verdict: Verdict, what: string): void {
  const { fail, target } = scene
  const { kind, code, places } = verdict
  const said = `${what}; got ${describe(verdict)}`
  if (kind !== 'refused' || code !== 'invalid_argument') fail(argument, said)
  else if (!places.some((place) => leadsTo(argument, place)))
    fail(argument, `${what} by its name; the answer names ${places.join(', ') || 'nothing'}`)
  if (target.recorder && target.recorder.requests.length > 0)
    fail(argument, `${what} before anything is sent; ${target.recorder.requests.length} sent`)
}

/** The call must have been sent, and not found wrong by an upstream that checks it against the document. */
export function expectAcceptance(scene: Scene, argument: string, verdict: Verdict, what: string): void {
  const { kind, status = 0, body } = verdict
  const invalid = Object(Object(Object(body).error).details).errors !== undefined || status === 422
  const sent = scene.target.tellable ? kind === 'answered' : kind === 'answered' || kind === 'failed'
  if (!sent || (kind === 'failed' && (invalid || status >= 500)))
    scene.fail(argument, `${what}; got ${describe(verdict)}`)
}

/** A verdict in a few words. */
export function describe({ kind, status, code, places, text }: Verdict): string {
  if (kind === 'broken') return text.slice(0, 120)
  return [kind, status, code, places.join(', ')].filter(Boolean).join(' ')
}

/** True when a place is the argument itself or lies within it: `emails[0]` within `emails`. */
export function leadsTo(argument: string, place: string): boolean {
  return place === argument || (place.startsWith(argument) && '.['.includes(place.charAt(argument.length)))
}

const byValue = [
  'clientId.form',
  'userId.range',
  'userId.spelling',
  'userId.type',
  'limit.range',
  'limit.spelling',
  'offset.range',
  'emails.form',
  'emails.comma',
  'body.object',
  'body.empty-update',
  'email.form',
  'name.create',
  'name.update',
  'timeFormat.choice',
  'weekStart.choice',
  'timeZone.form',
  'locale.choice',
  'avatarUrl.form',
  'bio.text',
  'metadata.keys',
  'metadata.values',
  'defaultScheduleId.range',
  'refreshToken.text',
  'secret.form',
]

/** Bounds, choices and forms of single arguments. */
export const boundaries: Readonly<Record<string, Prover>> = {
  ...Object.fromEntries(byValue.map((id) => [id, proveValues])),

  async 'arguments.unknown'(scene) {
    const { name, value } = scene.requirement.values
    const values: CallArguments = { ...(await scene.sound(scene.operation)), [String(name)]: value }
    scene.target.recorder?.requests.splice(0)
    expectRefusal(
      scene,
      String(name),
      await scene.door.call(scene.operation, values),
      `${name} must be refused`,
    )
  },

  async 'arguments.repeated'(scene) {
    const { clientId, secret: key, doors, recorder } = scene.target
    const headers = { 'x-cal-secret-key': key }
    for (const query of [scene.requirement.values.query].flat()) {
      recorder?.requests.splice(0)
      const path = `${scene.operation.rest.replace('{clientid}', clientId)}?${query}`
      const verdict = await doors.rest.send({ method: 'GET', path, headers, body: undefined })
      expectRefusal(scene, String(query).split('=')[0] ?? '', verdict, `${query} must be refused`)
    }
  },

  async 'arguments.missing'(scene) {
    const sound = await scene.sound(scene.operation)
    for (const name of scene.operation.required) {
      const verdict = await scene.door.call(scene.operation, setArgument(sound, name, undefined))
      scene.target.recorder?.requests.splice(0)
      expectRefusal(scene, name, verdict, `a call without ${name} must be refused`)
    }
  },
}
