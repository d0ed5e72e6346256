import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { readDocument } from '../../src/document/document.ts'
import { type DescribedArgument, generateArguments, readArguments } from '../generators.ts'
import type { Prover, Scene } from '../judge.ts'
import type { RecordedRequest } from '../recorder.ts'
import { setArgument, showValue } from '../values.ts'
import type { CallArguments } from '../verdict.ts'
import { type ConstraintViolation, listViolations } from '../violations.ts'
import { expectAcceptance, expectRefusal } from './boundaries.ts'
import { see } from './requests.ts'

/** Every run tries the same calls. */
const seed = 20_261_122
const runs = 20

/** What the document says of arguments, on every door. */
export const properties: Readonly<Record<string, Prover>> = {
  'arguments.accepted': (scene) =>
    proveAll(scene, async (values, probe) => {
      const [sent] = await see({ ...probe, door: { ...scene.door, call: callAndExpect(probe) } }, values)
      compare(probe, describe(scene, values), sent && describeSent(sent))
    }),

  async 'arguments.refused'(scene) {
    const sound = await scene.sound(scene.operation)
    const { door, operation, target } = scene
    for (const violation of listApplicable(scene)) {
      target.recorder?.requests.splice(0)
      const verdict = await door.call(operation, setArgument(sound, violation.place, violation.value))
      const what = `${violation.keyword}: ${showValue(violation.value)} must be refused`
      expectRefusal(scene, violation.place, verdict, what)
    }
  },

  async 'arguments.parity'(scene) {
    const { rest } = scene.target.doors
    await proveAll(scene, async (values, probe) => {
      const [first] = await see({ ...scene, door: rest }, values)
      const [second] = await see(scene, values)
      compare(probe, first && describeWhole(first), second && describeWhole(second))
    })
    const sound = await scene.sound(scene.operation)
    for (const violation of listApplicable({ ...scene, door: rest })) {
      const values = setArgument(sound, violation.place, violation.value)
      const [first, second] = [
        await rest.call(scene.operation, values),
        await scene.door.call(scene.operation, values),
      ]
      const said = [first, second].map(({ kind, status, code, places }) => ({ kind, status, code, places }))
      scene.check(violation.place, said[1], said[0])
    }
  },
}

/** Tries generated calls; the smallest that departs is told. */
async function proveAll(
  scene: Scene,
  prove: (values: CallArguments, probe: Scene) => Promise<void>,
): Promise<void> {
  const told: { field: string; message: string }[] = []
  const probe: Scene = {
    ...scene,
    fail: (field, message) => void told.push({ field, message }),
    check(field, actual, expected) {
      const holds = isDeepStrictEqual(actual, expected)
      if (!holds) probe.fail(field, `expected ${showValue(expected)}, got ${showValue(actual)}`)
      return holds
    },
  }
  const described = readArguments(readDocument(), scene.operation)
  const property = fc.asyncProperty(generateArguments(described), async (values) => {
    told.length = 0
    await prove(values, probe)
    return told.length === 0
  })
  const { counterexample } = await fc.check(property, {
    seed,
    numRuns: runs,
    interruptAfterTimeLimit: 10_000,
  })
  if (!counterexample) return
  told.length = 0
  await prove(counterexample[0], probe)
  const { 'x-cal-secret-key': _, ...shown } = counterexample[0]
  for (const { field, message } of told) scene.fail(field, `${message} in ${showValue(shown)}`)
  if (told.length === 0) scene.fail('call', `departs now and then: ${showValue(shown)}`)
}

function callAndExpect(probe: Scene): Scene['door']['call'] {
  return async (operation, values) => {
    const verdict = await probe.door.call(operation, values)
    const [place = 'call'] = verdict.places
    expectAcceptance(probe, place, verdict, 'the document allows it, so it must be sent')
    return verdict
  }
}

/** Of the ways to break a constraint those that a door can express: a URL has texts only, and no empty variable. */
function listApplicable({ door, operation }: Scene): ConstraintViolation[] {
  const described = readArguments(readDocument(), operation)
  return listViolations(described).filter(({ place, keyword, value }) => {
    const argument = described.find((one) => one.name === place)
    if (door.surface === 'mcp' || argument === undefined || argument.in === 'body') return true
    if (keyword === 'required' || value === undefined || value === '') return false
    return !keyword.endsWith('type') && !keyword.endsWith('nullable') && fits(argument, value)
  })
}

/** A header holds visible characters; a comma in a list is two elements. */
function fits(argument: DescribedArgument, value: unknown): boolean {
  if (argument.in === 'header') return /^[\x21-\x7e][\x20-\x7e]*[\x21-\x7e]$/.test(String(value))
  return !Array.isArray(value) || (value.length > 0 && !String(value).includes(',') && String(value) !== '')
}

/** The request that a call must become. */
function describe({ operation }: Scene, values: CallArguments): Readonly<Record<string, unknown>> {
  const [method = '', template = ''] = operation.operation.split(' ')
  const path = template.replaceAll(/\{(\w+)\}/g, (_, name: string) => String(values[name]))
  const { body, 'x-cal-secret-key': secret, clientId, userId: _, ...query } = values
  const given = Object.entries(query).map(([name, value]) => [name, String(value)])
  return {
    method,
    path,
    secret,
    clientId,
    ...Object.fromEntries(given),
    ...(body === undefined ? {} : { body }),
  }
}

function describeSent({ method, url, headers, body }: RecordedRequest): Readonly<Record<string, unknown>> {
  const [path = '', query = ''] = url.split('?')
  const { 'x-cal-secret-key': secret, 'x-cal-client-id': clientId } = headers
  const given = Object.fromEntries(new URLSearchParams(query))
  return { method, path, secret, clientId, ...given, ...(body.length > 0 ? { body: readBody(body) } : {}) }
}

/** All of a request but what frames it on the wire. */
function describeWhole({ method, url, headers, body }: RecordedRequest): Readonly<Record<string, unknown>> {
  const framing = ['connection', 'content-length', 'transfer-encoding', 'host']
  const named = Object.entries(headers).filter(([name]) => !framing.includes(name))
  return { method, url, headers: Object.fromEntries(named), body: readBody(body) }
}

function readBody(body: Buffer): unknown {
  return body.length > 0 ? JSON.parse(body.toString()) : undefined
}

function compare(
  probe: Scene,
  expected: Readonly<Record<string, unknown>> | undefined,
  actual: Readonly<Record<string, unknown>> | undefined,
): void {
  if (!expected || !actual) probe.fail('call', 'nothing was sent')
  else
    for (const name of new Set([...Object.keys(expected), ...Object.keys(actual)]))
      probe.check(name, actual[name], expected[name])
}
