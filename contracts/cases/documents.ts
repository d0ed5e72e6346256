import type { Prover, Scene } from '../judge.ts'
import type { Shape } from '../requirements.ts'
import { resolve } from '../rest/json-schema.ts'

type Members = Readonly<Record<string, unknown>>

/** Keywords that narrow what a schema takes; type, null and members have checks of their own. */
const narrowing = [
  'additionalProperties',
  'enum',
  'format',
  'maxItems',
  'maxLength',
  'maxProperties',
  'maximum',
  'minItems',
  'minLength',
  'minProperties',
  'minimum',
  'pattern',
]

/** What the served document promises of answers: no call can show it, and clients are generated from it. */
export const documents: Readonly<Record<string, Prover>> = {
  async 'document.answers'(scene) {
    const { operation, requirements } = scene
    const request = { method: 'GET', path: '/openapi.json', headers: {}, body: undefined }
    const document: Members = Object((await scene.target.doors.rest.send(request)).body)
    const [method = '', path = ''] = operation.operation.split(' ')
    const described = Object(Object(Object(document.paths)[path])[method.toLowerCase()])
    const schemas = readSchemas(described, document)
    scene.check('required parameters', listRequired(described, document), listExpected(scene))
    checkChoices(scene, described, document)
    scene.check('further parameters', listFurther(scene, described, document), listWanted(scene))
    const known = new Map([...errorShapes(scene)])
    const expected = new Map([[operation.success, [successShape]], ...known])
    scene.check('statuses', [...schemas.json.keys()].sort(), [...expected.keys()].sort())
    scene.check('statuses of problems', [...schemas.problem.keys()].sort(), listProblems(scene))
    const shapes = { ...requirements.answers, [successShape]: { status: 'string', ...operation.answer } }
    const every = new Set([...requirements.errors.values()].map(({ shape }) => shape))
    for (const [status, names] of expected) {
      const alternatives = [schemas.json.get(status) ?? {}].flatMap((one) => [one.anyOf ?? one].flat())
      const compare = (name: string, alternative: unknown) =>
        findDepartures(scene, document, shapes, name, alternative)
      for (const name of names) {
        const fitting = alternatives.map((one) => compare(name, one)).sort((a, b) => a.length - b.length)[0]
        for (const departure of fitting ?? ['is not promised']) scene.fail(`${status} ${name}`, departure)
      }
      const allowed = names.includes(successShape) ? names : [...every]
      const foreign = alternatives.filter((one) => allowed.every((name) => compare(name, one).length > 0))
      scene.check(`${status} further shapes`, foreign.length, 0)
    }
    const { problem, violation } = scene.requirement.values
    for (const [status, schema] of schemas.problem) {
      const own = { problem: Object(problem), violation: Object(violation) }
      const errors = Object(Object(schema.properties).errors)
      const departures = [
        ...findDepartures(scene, document, own, 'problem', schema),
        ...findDepartures(scene, document, own, 'violation', errors.items),
      ]
      for (const departure of departures) scene.fail(`${status} problem`, departure)
    }
  },
}

const successShape = 'success'

function readSchemas(operation: Members, document: Members) {
  const read = (type: string) =>
    new Map(
      Object.entries(Object(operation.responses)).flatMap(([status, response]): [number, Members][] => {
        const content = Object(resolve(response, document).content)[type]
        return content === undefined ? [] : [[Number(status), resolve(content.schema, document)]]
      }),
    )
  return { json: read('application/json'), problem: read('application/problem+json') }
}

function listRequired({ parameters, requestBody }: Members, document: Members): string[] {
  const all = [parameters ?? []].flat().map((one) => resolve(one, document))
  const names = all.filter(({ required }) => required === true).map(({ name }) => String(name))
  return [...names, ...(Object(requestBody).required === true ? ['body'] : [])].sort()
}

/** Parameters that are no arguments of the capability: the gateway's own, with all that their schemas say. */
function listFurther({ operation }: Scene, { parameters }: Members, document: Members): unknown[] {
  return [parameters ?? []]
    .flat()
    .map((one) => resolve(one, document))
    .filter(({ name }) => !operation.arguments.includes(String(name)))
    .map(({ name, schema }) => {
      // Beside a pattern that needs a character, a least length of one changes nothing.
      const { minLength = 0, ...rest } = Object(schema)
      return [name, ...sortMembers(minLength > 1 ? { ...rest, minLength } : rest)]
    })
}

function listWanted({ operation, requirement }: Scene): unknown[] {
  const { name, operations, schema } = Object(requirement.values.header)
  return operations.includes(operation.name) ? [[name, ...sortMembers(Object(schema))]] : []
}

/** A value too many to choose from can be told by no call: nobody knows which one it is. */
function checkChoices(scene: Scene, { requestBody }: Members, document: Members): void {
  const content = Object(resolve(requestBody, document).content)['application/json']
  const { properties } = resolve(Object(content).schema, document)
  for (const { id, argument = '', accepts, operations } of scene.requirements.requirements) {
    if (!id.endsWith('.choice') || !operations.includes(scene.operation)) continue
    const choices = [Object(Object(properties)[argument.replace('body.', '')]).enum ?? []].flat()
    scene.check(
      argument,
      choices.map(String).sort(),
      accepts
        .filter((one) => one !== null)
        .map(String)
        .sort(),
    )
  }
}

/** Over REST the secret is required as well: there is no other way to give it. */
function listExpected({ operation }: Scene): string[] {
  return [...operation.required, 'x-cal-secret-key'].sort()
}

function errorShapes({ operation, requirements }: Scene): Map<number, string[]> {
  const shapes = new Map<number, string[]>()
  for (const name of operation.errors) {
    const { status, shape } = requirements.errors.get(name) ?? {}
    if (status === undefined || shape === undefined) continue
    const names = shapes.get(status) ?? []
    shapes.set(status, names.includes(shape) ? names : [...names, shape])
  }
  return shapes
}

function listProblems({ operation, requirement }: Scene): number[] {
  const { every, body, ...own } = Object(requirement.values.problems)
  const further = operation.arguments.includes('body') ? body : []
  return [...new Set([...every, ...further, ...(own[operation.name] ?? [])])].map(Number).sort()
}

/** How a schema departs from a shape and its bounds, one sentence each. */
function findDepartures(
  scene: Scene,
  document: Members,
  shapes: Readonly<Record<string, Shape>>,
  root: string,
  part: unknown,
): string[] {
  const { bounds = {} } = scene.requirement.values
  const visit = (shape: Shape, value: unknown, place: string): string[] => {
    const schema = resolve(value, document)
    if (typeof shape === 'string') {
      const [, name = '', mark = ''] = /^(\w+)([?-]?)$/.exec(shape) ?? []
      const named = shapes[name]
      if (named !== undefined) return visit(named, schema, name)
      return compare(schema, place, name === 'any' ? undefined : name, mark === '?')
    }
    if (Array.isArray(shape))
      return [...compare(schema, place, 'array', false), ...visit(shape[0] ?? 'any', schema.items, place)]
    const properties: Members = Object(schema.properties)
    const members = Object.entries(shape)
    const required = members.filter(([, one]) => !String(one).endsWith('-')).map(([name]) => name)
    return [
      ...compare(schema, place, 'object', false),
      ...differ(`${place} required`, [schema.required ?? []].flat().sort(), required.sort()),
      ...differ(`${place} members`, Object.keys(properties).sort(), members.map(([name]) => name).sort()),
      ...members.flatMap(([name, one]) => visit(one, properties[name], `${place}.${name}`)),
    ]
  }
  const compare = (schema: Members, place: string, type: string | undefined, nullable: boolean) => {
    const { type: bound, ...limits } = Object(Object(bounds)[place])
    const found = Object.fromEntries(
      narrowing.filter((one) => one in schema).map((one) => [one, schema[one]]),
    )
    return [
      ...differ(`${place} type`, schema.type, type ?? bound),
      ...differ(`${place} nullable`, schema.nullable === true, nullable),
      ...differ(`${place} bounds`, sortMembers(found), sortMembers(limits)),
    ]
  }
  return visit(root, part, root)
}

function differ(what: string, actual: unknown, expected: unknown): string[] {
  const [got, wanted] = [JSON.stringify(actual), JSON.stringify(expected)]
  return got === wanted ? [] : [`${what}: expected ${wanted}, got ${got}`]
}

function sortMembers(members: Members): [string, unknown][] {
  return Object.entries(members).sort(([a], [b]) => a.localeCompare(b))
}
