import { asRecord } from '../../src/document/json.ts'
import type { Check, Context } from '../context.ts'
import type { Shape } from '../requirements.ts'
import { resolve } from '../rest/json-schema.ts'
import { fetchDocument } from '../rest-client.ts'
import { toShape } from '../shapes.ts'
import { isList, toList } from '../values.ts'

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

/** What the served document promises of responses: no call can show it, and clients are generated from it. */
export const documents: Readonly<Record<string, Check>> = {
  async 'document.responses'(context) {
    const { operation, requirements } = context
    const document: Members = asRecord((await fetchDocument(context.target.servers.rest)).body)
    const [method = '', path = ''] = operation.operation.split(' ')
    const described = asRecord(asRecord(asRecord(document.paths)[path])[method.toLowerCase()])
    const schemas = readSchemas(described, document)
    context.expectEqual('required parameters', listRequired(described, document), listExpected(context))
    checkChoices(context, described, document)
    context.expectEqual('further parameters', listFurther(context, described, document), listWanted(context))
    const known = new Map([...errorShapes(context)])
    const expected = new Map([[operation.success, [successShape]], ...known])
    context.expectEqual('statuses', [...schemas.json.keys()].sort(), [...expected.keys()].sort())
    context.expectEqual('statuses of problems', [...schemas.problem.keys()].sort(), listProblems(context))
    const shapes = { ...requirements.responses, [successShape]: { status: 'string', ...operation.response } }
    const every = new Set([...requirements.errors.values()].map(({ shape }) => shape))
    for (const [status, names] of expected) {
      const alternatives = [schemas.json.get(status) ?? {}].flatMap((one) => [one.anyOf ?? one].flat())
      const compare = (name: string, alternative: unknown) =>
        findMismatches(context, document, shapes, name, alternative)
      for (const name of names) {
        const fitting = alternatives.map((one) => compare(name, one)).sort((a, b) => a.length - b.length)[0]
        for (const mismatch of fitting ?? ['is not promised']) context.fail(`${status} ${name}`, mismatch)
      }
      const allowed = names.includes(successShape) ? names : [...every]
      const foreign = alternatives.filter((one) => allowed.every((name) => compare(name, one).length > 0))
      context.expectEqual(`${status} further shapes`, foreign.length, 0)
    }
    const { problem, violation } = context.requirement.values
    const { early } = asRecord(context.requirement.values.problems)
    for (const [status, schema] of schemas.problem) {
      // What a request gets before its operation is looked at is promised by its status alone.
      if (toList(early).includes(status)) continue
      const own = { problem: toShape(problem), violation: toShape(violation) }
      const errors = asRecord(asRecord(schema.properties).errors)
      const mismatches = [
        ...findMismatches(context, document, own, 'problem', schema),
        ...findMismatches(context, document, own, 'violation', errors.items),
      ]
      for (const mismatch of mismatches) context.fail(`${status} problem`, mismatch)
    }
  },
}

const successShape = 'success'

function readSchemas(operation: Members, document: Members) {
  const read = (type: string) =>
    new Map(
      Object.entries(asRecord(operation.responses)).flatMap(([status, response]): [number, Members][] => {
        const content = asRecord(resolve(response, document).content)[type]
        return content === undefined ? [] : [[Number(status), resolve(asRecord(content).schema, document)]]
      }),
    )
  return { json: read('application/json'), problem: read('application/problem+json') }
}

function listRequired({ parameters, requestBody }: Members, document: Members): string[] {
  const all = [parameters ?? []].flat().map((one) => resolve(one, document))
  const names = all.filter(({ required }) => required === true).map(({ name }) => String(name))
  return [...names, ...(asRecord(requestBody).required === true ? ['body'] : [])].sort()
}

/** Parameters that are no arguments of the capability: the gateway's own, with all that their schemas say. */
function listFurther({ operation }: Context, { parameters }: Members, document: Members): unknown[] {
  return [parameters ?? []]
    .flat()
    .map((one) => resolve(one, document))
    .filter(({ name }) => !operation.arguments.includes(String(name)))
    .map(({ name, schema }) => {
      // Beside a pattern that needs a character, a least length of one changes nothing.
      const { minLength = 0, ...rest } = asRecord(schema)
      return [name, ...sortMembers(Number(minLength) > 1 ? { ...rest, minLength } : rest)]
    })
}

function listWanted({ operation, requirement }: Context): unknown[] {
  const { name, operations, schema } = asRecord(requirement.values.header)
  return toList(operations).includes(operation.name) ? [[name, ...sortMembers(asRecord(schema))]] : []
}

/** A value too many to choose from can be told by no call: nobody knows which one it is. */
function checkChoices(context: Context, { requestBody }: Members, document: Members): void {
  const content = asRecord(resolve(requestBody, document).content)['application/json']
  const { properties } = resolve(asRecord(content).schema, document)
  for (const { id, argument = '', accepts, operations } of context.requirements.requirements) {
    if (!id.endsWith('.choice') || !operations.includes(context.operation)) continue
    const choices = [asRecord(asRecord(properties)[argument.replace('body.', '')]).enum ?? []].flat()
    context.expectEqual(argument, choices.map(String).sort(), accepts.map(String).sort())
  }
}

/** Over REST the secret is required as well, where the gateway has none: there is no other way to give it. */
function listExpected({ operation, target }: Context): string[] {
  return [...operation.required, ...(target.configured ? [] : ['x-cal-secret-key'])].sort()
}

function errorShapes({ operation, requirements }: Context): Map<number, string[]> {
  const shapes = new Map<number, string[]>()
  for (const name of operation.errors) {
    const { status, shape } = requirements.errors.get(name) ?? {}
    if (status === undefined || shape === undefined) continue
    const names = shapes.get(status) ?? []
    shapes.set(status, names.includes(shape) ? names : [...names, shape])
  }
  return shapes
}

function listProblems({ operation, requirement }: Context): number[] {
  const { every, early, body, ...own } = asRecord(requirement.values.problems)
  const further = operation.arguments.includes('body') ? toList(body) : []
  return [...new Set([...toList(every), ...toList(early), ...further, ...toList(own[operation.name])])]
    .map(Number)
    .sort()
}

/** Lists how a schema differs from a shape and its bounds, one sentence each. */
function findMismatches(
  context: Context,
  document: Members,
  shapes: Readonly<Record<string, Shape>>,
  root: string,
  part: unknown,
): string[] {
  const { bounds = {} } = context.requirement.values
  const visit = (shape: Shape, value: unknown, place: string): string[] => {
    const schema = resolve(value, document)
    if (typeof shape === 'string') {
      const [, name = '', mark = ''] = /^(\w+)([?-]?)$/.exec(shape) ?? []
      const named = shapes[name]
      if (named !== undefined) return visit(named, schema, name)
      return compare(schema, place, name === 'any' ? undefined : name, mark === '?')
    }
    if (isList(shape))
      return [...compare(schema, place, 'array', false), ...visit(shape[0] ?? 'any', schema.items, place)]
    const properties: Members = asRecord(schema.properties)
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
    const { type: bound, ...limits } = asRecord(asRecord(bounds)[place])
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
