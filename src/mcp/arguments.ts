import { describeBodyArgument } from '../document/body-schema.ts'
import { isJsonType, readOwn } from '../document/json.ts'
import { dereference, describeObject, type JsonSchema, withDescription } from '../document/json-schema.ts'
import type { RequestBody } from '../document/media-types.ts'
import { onceFor } from '../document/once.ts'
import type { Operation } from '../document/operations.ts'
import { findPosition, type Parameter } from '../document/parameters.ts'
import { findPasswords } from '../document/passwords.ts'
import { createCompiler } from '../document/schema-compiler.ts'
import { placeDefinitions } from '../document/schema-reader.ts'
import { nameCredentialHeader, type Security } from '../document/security.ts'
import { escapeInvisible, quoteName } from '../document/single-line.ts'
import { findArgument, type Tool, toArgumentKey } from '../document/tool.ts'
import { listSameValue } from '../document/value-shape.ts'
import { mostViolations, refuseName } from '../document/violations.ts'
import type { Violation } from '../errors/gateway-error.ts'
import type { BoundInput } from '../upstream/pipeline.ts'
import { simplifySchema } from './simple-schema.ts'

/** The arguments of a tool call, as the client sent them. */
export type ToolArguments = Readonly<Record<string, unknown>>

/**
 * Gives the value of a credential that the call itself does not carry, by its parameter and the alternatives of the
 * operation: operations of several APIs can have parameters of one name.
 */
export type CredentialSource = (credential: BroughtCredential, security: Security) => string | undefined

/** A credential that a connection may bring. */
export interface BroughtCredential extends Pick<Parameter, 'in' | 'name'> {
  /** The HTTP header of the MCP request that brings it, in lower case; undefined where none does. */
  readonly header: string | undefined
}

/**
 * Makes the input schema of a tool: one closed object with the arguments as the capability binds them. A credential is
 * never required, since a call may get it from elsewhere and then no model sees it; nor is what has a default.
 */
export function describeArguments(
  { parameters, body }: Operation,
  tool: Tool,
  elsewhere: string,
  defaults: ReadonlyMap<Parameter, unknown> = new Map(),
): JsonSchema {
  const properties: Record<string, JsonSchema> = {}
  const required: string[] = []
  for (const [key, argument] of Object.entries(tool.arguments)) {
    const parameter = parameters.find((one) => toArgumentKey(tool, one) === key)
    const preset = parameter && defaults.get(parameter)
    const standard = preset === undefined ? {} : { default: preset }
    if (parameter)
      properties[argument] = { ...describeParameter(parameter, argument, elsewhere), ...standard }
    else if (key === 'body' && body) properties[argument] = describeWhole(body)
    const credential = parameter?.isCredential
    if ((parameter ?? body)?.required && !credential && preset === undefined) required.push(argument)
  }
  return simplifySchema(describeObject(properties, required))
}

function describeParameter(parameter: Parameter, argument: string, elsewhere: string): JsonSchema {
  const note = parameter.isCredential ? elsewhere : nameAtApi(parameter, argument)
  const own = { ...placeDefinitions(parameter.schema), ...requireElement(parameter) }
  const schema = parameter.isDeprecated ? { ...own, deprecated: true } : own
  return withDescription(schema, [parameter.description || schema.description, note])
}

function describeWhole(body: RequestBody): JsonSchema {
  const schema = placeDefinitions(describeBodyArgument(body))
  const [usual] = body.content
  const note = usual?.kind === 'text' ? `A text of type ${usual.type}.` : ''
  return withDescription(schema, [body.description, schema.description, note])
}

/** Who knows the API, as models may, knows the name there; a query as a whole has none. */
function nameAtApi({ name, in: place }: Parameter, argument: string): string {
  if (name === argument || place === 'querystring') return ''
  return `The API calls it \`${escapeInvisible(name)}\`, in the ${place}.`
}

/** An empty list has no spelling but in JSON (`requireContent`), so the schema says what is refused. */
function requireElement({ schema, mediaType }: Parameter): JsonSchema {
  const { type, minItems } = dereference(schema, schema)
  return type === 'array' && !minItems && mediaType === undefined ? { minItems: 1 } : {}
}

/** Binds the arguments of a call to the parameters of its operation. */
export type ArgumentBinder = (values: ToolArguments, source: CredentialSource) => BoundInput

/**
 * Prepares the binding of a tool's arguments: each is put where the operation takes it, unchecked and unchanged. What
 * is left out comes from the defaults, and an optional argument of null counts as left out, unless null is its value. A
 * credential that the connection brings is taken from there, whatever a model has put in its argument.
 */
export function createArgumentBinder(
  operation: Operation,
  tool: Tool,
  defaults: ReadonlyMap<Parameter, unknown> = new Map(),
): ArgumentBinder {
  const names = Object.values(tool.arguments)
  const parameters = operation.parameters.map((parameter) => ({
    name: parameter.name,
    place: findPosition(parameter),
    argument: findArgument(tool, parameter),
    credential: parameter.isCredential ? describeBrought(parameter) : undefined,
    isOptional: parameter.isCredential || !parameter.required || defaults.has(parameter),
    json: isJsonType(parameter.mediaType) && !defaults.has(parameter) ? parameter.schema : undefined,
    preset: defaults.get(parameter),
  }))
  const hasCookies = parameters.some(({ place }) => place === 'cookie')
  const bodyIsOptional = operation.body?.required !== true
  const [usual] = operation.body?.content ?? []
  const jsonBody = usual?.kind === 'json' ? usual.schema : undefined
  return (values, source) => {
    const read = (argument: string | undefined, isOptional: boolean, json: JsonSchema | undefined) => {
      const value = argument === undefined ? undefined : readOwn(values, argument)
      return value === null && isOptional && !(json && allowsNull(json)) ? undefined : value
    }
    const places = { path: {}, query: {}, header: {}, cookie: {} }
    for (const { name, place, argument, credential, isOptional, json, preset } of parameters) {
      const brought = credential && source(credential, operation.security)
      const given = read(argument, isOptional, json)
      const value = brought ?? given ?? (given === null ? null : preset)
      if (value === undefined) continue
      const inPlace: Record<string, unknown> = places[place]
      inPlace[name] = value
    }
    const body = read(tool.arguments.body, bodyIsOptional, jsonBody)
    const violations = Object.keys(values)
      .filter((name) => !names.includes(name))
      .slice(0, mostViolations)
      .map((name) => refuseArgument(name, names, operation, tool))
    const { cookie, ...others } = places
    const bound = hasCookies && Object.keys(cookie).length > 0 ? places : others
    return { input: body === undefined ? bound : { ...bound, body }, violations }
  }
}

/** Null has a spelling of its own in JSON alone; an API reads an empty text as another value. */
const allowsNull = onceFor((schema: JsonSchema) => createCompiler()(schema)?.(null) ?? true)

/** Describes a credential as a connection brings it. */
export function describeBrought({ in: place, name }: Parameter): BroughtCredential {
  return { in: place, name, header: nameCredentialHeader(place, name) }
}

/** Lists the secrets in arguments: credentials, and what is described as a password. */
export function listArgumentSecrets(
  { parameters, body }: Operation,
  tool: Tool,
  values: ToolArguments,
): string[] {
  const read = (key: string) => readOwn(values, readOwn(tool.arguments, key) ?? '')
  const own = parameters.flatMap((one) => {
    const value = read(toArgumentKey(tool, one))
    return one.isCredential && typeof value === 'string' ? [value] : findPasswords(one.schema, value)
  })
  return body ? [...own, ...findPasswords(body.schema, read('body'))] : own
}

/** A member of the body that is given as an argument of its own is sent back to where it belongs. */
function refuseArgument(name: string, names: readonly string[], { body }: Operation, tool: Tool): Violation {
  const violation = refuseName(name, names)
  const argument = tool.arguments.body
  const isMember =
    body && listSameValue(body.schema, body.schema).some((one) => readOwn(one.properties, name) !== undefined)
  if (argument === undefined || !isMember) return violation
  return { ...violation, message: `belongs in ${argument}: give it as ${argument}.${name}` }
}

/** Locates a violation by the names that a client of the tool knows: `userId`, not `path.userId`. */
export function locateByArgument({ parameters }: Operation, tool: Tool, violation: Violation): Violation {
  for (const [key, argument] of Object.entries(tool.arguments)) {
    const parameter = parameters.find((one) => toArgumentKey(tool, one) === key)
    const place = parameter && findPosition(parameter)
    const name = parameter?.name ?? key
    const prefixes = place ? [`${place}.${name}`, `${place}[${quoteName(name)}]`] : [name]
    const prefix = prefixes.find((one) => leadsTo(one, violation.location))
    if (prefix !== undefined)
      return { ...violation, location: argument + violation.location.slice(prefix.length) }
  }
  return violation
}

function leadsTo(prefix: string, location: string): boolean {
  return location.startsWith(prefix) && ['', '.', '['].includes(location.charAt(prefix.length))
}
