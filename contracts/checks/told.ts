import { readDocument } from '../../src/document/document.ts'
import { asRecord } from '../../src/document/json.ts'
import { type Check, type Context, NotTested } from '../context.ts'
import { listDifferences } from '../differences.ts'
import { readArguments } from '../generators.ts'
import { type JsonObject, resolve } from '../rest/json-schema.ts'
import { fetchDocument } from '../rest-client.ts'
import { isList, toList } from '../values.ts'
import { findTool } from './exposure.ts'

type Members = Readonly<Record<string, unknown>>

/** Keywords that are words for people. */
const words = new Set(['description', 'summary', 'title', 'example', 'examples', 'contact', 'tags'])

/** What models and clients are told: schemas of arguments, words of tools, the served document. */
export const told: Readonly<Record<string, Check>> = {
  async 'tool.schema'(context) {
    const { inputSchema } = await findTool(context)
    const shown = asRecord(asRecord(inputSchema).properties)
    const { configured, clientId } = context.target
    const untold = toList(context.requirement.values.untold)
    for (const { name, schema } of readArguments(readDocument(), context.operation)) {
      const own = configured && name === 'clientId' ? { ...asRecord(schema), default: clientId } : schema
      if (name in shown || !configured)
        context.expectEqual(name, normalize(shown[name]), leaveOutFormats(normalize(own), untold))
    }
  },

  async 'tool.description'(context) {
    const { title, description = '', annotations, inputSchema } = await findTool(context)
    const { 'x-mcp-tool': tool, 'x-redacted-notice': notice } = findOperation(context)
    context.expectEqual('title', title, asRecord(tool).title)
    context.expectEqual('annotations.title', asRecord(annotations).title, title)
    const wanted = String(asRecord(tool).description)
    const { redactsTokens } = context.target.policy ?? {}
    if (!redactsTokens || description !== `${wanted} ${notice}`)
      context.expectEqual('description', description, wanted)
    const shown = asRecord(asRecord(inputSchema).properties)
    for (const argument of readArguments(readDocument(), context.operation)) {
      const { name, description: words = String(argument.schema.description ?? '') } = argument
      const said = String(asRecord(shown[name]).description ?? '')
      // How to give the secret stands behind the words of the document.
      const more = argument.schema.format === 'password' ? String(context.requirement.values.secret) : '$'
      const isSame = said.startsWith(words) && new RegExp(`^${more}`).test(said.slice(words.length))
      if (name in shown && !isSame) context.expectEqual(`${name} description`, said, words)
    }
  },

  async 'tool.output-words'(context) {
    const { outputSchema } = await findTool(context)
    const document = readDocument()
    const { responses } = findOperation(context)
    const success = resolve(asRecord(responses)[context.operation.success], document)
    const { schema } = asRecord(asRecord(success.content)['application/json'])
    const hidden = context.target.policy?.redactsTokens ? /Token/ : undefined
    compareOutput(context, '', outputSchema, schema, { document, hidden })
  },

  async 'document.same'(context) {
    const { body } = await fetchDocument(context.target.servers.rest)
    const added = toList(context.requirement.values.added).map(String)
    const options = { configured: context.target.configured, added }
    const differences = listDifferences('', strip(body, options), strip(readDocument(), options))
    for (const { place, message } of differences) context.fail(place, message)
  },

  async 'document.words'(context) {
    const { body } = await fetchDocument(context.target.servers.rest)
    // A gateway with configured credentials describes them otherwise.
    if (context.target.configured) throw new NotTested('the gateway has configured credentials')
    const silent = [...findSilent(body, readDocument())]
    for (const place of silent.slice(0, mostPlaces)) context.fail(place, 'has no words')
  },
}

/** Places that are shown of a document without words. */
const mostPlaces = 5

/** Places of one document that have words in the other one, and none in this. */
function* findSilent(served: unknown, committed: unknown, place = ''): Generator<string> {
  if (typeof served !== 'object' || served === null) return
  for (const [name, value] of Object.entries(asRecord(committed))) {
    const inner = place ? `${place}.${name}` : name
    const said = asRecord(served)[name]
    if (typeof value === 'object') yield* findSilent(said, value, inner)
    else if (typeof value === 'string' && (name === 'description' || name === 'summary') && !said) yield inner
  }
}

function findOperation({ operation }: Context): Members {
  const [method = '', path = ''] = operation.operation.split(' ')
  return asRecord(asRecord(asRecord(readDocument().paths)[path])[method.toLowerCase()])
}

/** Compares what a model is told of a member of a response with the document: the words, and the type in brackets. */
function compareOutput(
  context: Context,
  place: string,
  told: unknown,
  described: unknown,
  options: { readonly document: JsonObject; readonly hidden: RegExp | undefined },
): void {
  const schema = resolve(described, options.document)
  const { description = '', properties, anyOf, ...more }: Members = asRecord(told)
  const [parts] = toList(anyOf).map(asRecord)
  if (place !== '') {
    context.expectEqual(`${place} keywords`, Object.keys(more), [])
    const words = `${schema.description ?? ''} ${describeType(schema)}`.trim()
    context.expectEqual(`${place} description`, description, words)
  }
  const shown = asRecord(properties ?? parts?.properties)
  for (const [name, one] of Object.entries(asRecord(schema.properties)))
    if (!options.hidden?.test(name))
      compareOutput(context, place ? `${place}.${name}` : name, shown[name], one, options)
  if (schema.items !== undefined) compareOutput(context, `${place}[]`, parts?.items, schema.items, options)
}

/** Describes the type of a schema as models are told it: `(string or null, date-time)`. */
function describeType({ type, nullable, format, enum: choices }: Members): string {
  const types = [type ?? [], nullable === true ? 'null' : []].flat().join(' or ')
  const values = toList(choices).map((one) => JSON.stringify(one))
  const parts = [types, String(format ?? ''), values.length > 0 ? `one of ${values.join(', ')}` : '']
  const said = parts.filter(Boolean).join(', ')
  return said && `(${said})`
}

/** One form for OpenAPI 3.0 and JSON Schema: null as a mark, without words. */
function normalize(value: unknown): unknown {
  if (isList(value)) return value.map(normalize)
  if (typeof value !== 'object' || value === null) return value
  const { anyOf, ...around } = asRecord(value)
  const ways = isList(anyOf) ? anyOf.map(asRecord) : []
  const [only, ...more] = ways.filter((one) => one.type !== 'null')
  if (only && more.length === 0 && ways.length === 2) return normalize({ ...around, ...only, nullable: true })
  const { type, enum: choices, nullable, ...rest } = asRecord(value)
  const types = isList(type) ? type.filter((one) => one !== 'null') : [type]
  const isNullable = nullable === true || (isList(type) && type.includes('null'))
  const members = Object.entries(rest)
    .filter(([name]) => !words.has(name) && (!name.startsWith('x-') || name === 'x-propertyNames'))
    .map(([name, one]) => [name.replace('x-propertyNames', 'propertyNames'), normalizeMember(name, one)])
  return {
    ...Object.fromEntries(members),
    ...(types[0] === undefined ? {} : { type: types.length === 1 ? types[0] : types }),
    ...(isNullable ? { nullable: true } : {}),
    ...(isList(choices) ? { enum: choices.filter((one) => one !== null) } : {}),
  }
}

function leaveOutFormats(schema: unknown, untold: readonly unknown[]): unknown {
  if (isList(schema)) return schema.map((one) => leaveOutFormats(one, untold))
  if (typeof schema !== 'object' || schema === null) return schema
  const kept = Object.entries(asRecord(schema)).filter(
    ([name, value]) => name !== 'format' || !untold.includes(value),
  )
  return Object.fromEntries(kept.map(([name, value]) => [name, leaveOutFormats(value, untold)]))
}

/** Names of members are no keywords: a property may be called `title`. */
function normalizeMember(name: string, value: unknown): unknown {
  if (name !== 'properties') return normalize(value)
  return Object.fromEntries(Object.entries(asRecord(value)).map(([key, one]) => [key, normalize(one)]))
}

/** Returns the document without words and extensions, and without what a deployment with credentials says otherwise. */
function strip(
  value: unknown,
  options: { readonly configured: boolean; readonly added: readonly string[] },
  parent = '',
): unknown {
  if (isList(value)) return value.map((one) => strip(one, options))
  if (typeof value !== 'object' || value === null) return value
  const isMap = ['properties', 'schemas', 'responses', 'paths', 'content', 'headers'].includes(parent)
  const own = options.configured ? ['security', 'securitySchemes'] : []
  const isPinned = options.configured && asRecord(value).pattern !== undefined
  const isCredential = options.configured && asRecord(asRecord(value).schema).format === 'password'
  const entries = Object.entries(asRecord(value)).filter(
    ([name]) =>
      !(parent === 'responses' && options.added.includes(name)) &&
      (isMap ||
        (!words.has(name) &&
          !name.startsWith('x-') &&
          !own.includes(name) &&
          !(parent === 'securitySchemes' && name === 'apiKey') &&
          !(isCredential && name === 'required') &&
          !(isPinned && name === 'default'))),
  )
  return Object.fromEntries(
    entries.map(([name, one]) => [
      name,
      // A gateway without an API key of its own does not offer one.
      name === 'security' && isList(one)
        ? one.filter((alternative) => !('apiKey' in asRecord(alternative)))
        : strip(one, options, isMap ? '' : name),
    ]),
  )
}
