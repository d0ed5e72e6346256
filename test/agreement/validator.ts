import { Ajv2020 } from 'ajv/dist/2020.js'
import { fullFormats } from 'ajv-formats/dist/formats.js'
import type { RestRequest, ServedOperation, ServedParameter } from './calls.ts'
import { type Schema, timeZones } from './values.ts'

/** Decides by a served document alone which calls are right. */
export interface Validator {
  /** Returns what is wrong with a request: the names of its parts, or `more`. */
  checkRequest(operation: ServedOperation, request: RestRequest): string[]
  /** Returns what is wrong with the arguments of a tool. */
  checkArguments(operation: ServedOperation, values: Readonly<Record<string, unknown>>): string[]
}

const annotations = ['password', 'float', 'double', 'byte', 'binary']

/** Creates Ajv with the formats of `ajv-formats` and of OpenAPI, and with what docs/extensions.md adds to schemas. */
export function createAjv(): Ajv2020 {
  const ajv = new Ajv2020({ strict: false, allErrors: true, formats: fullFormats })
  for (const name of annotations) ajv.addFormat(name, true)
  // The string of RFC 4122 §3, without the `urn:uuid:` that ajv-formats takes.
  ajv.addFormat('uuid', /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i)
  ajv.addFormat('iana-time-zone', (text) => timeZones.has(text))
  // OpenAPI 3.0 has no keyword for it.
  ajv.addKeyword({ keyword: 'x-propertyNames', macro: (propertyNames: object) => ({ propertyNames }) })
  return ajv
}

/** Creates a validator of a served document, by the rules of OpenAPI for the styles `simple` and `form`. */
export function createValidator(text: string, ajv = createAjv()): Validator {
  const { components = {} } = JSON.parse(text)
  const compiled = new Map<Schema, ReturnType<Ajv2020['compile']>>()
  const matches = (schema: Schema, value: unknown): boolean => {
    const known = compiled.get(schema) ?? ajv.compile({ ...schema, components })
    compiled.set(schema, known)
    return known(value) === true
  }
  const checkBody = ({ body }: ServedOperation, value: unknown): string[] => {
    if (value === undefined) return body?.required ? ['body'] : []
    return body && matches(body.schema, value) ? [] : ['body']
  }
  const check = ({ name, required, schema }: ServedParameter, value: unknown): string[] => {
    if (value === undefined) return required ? [name] : []
    return matches(schema, value) ? [] : [name]
  }
  return {
    checkRequest(operation, request) {
      const { values, more } = readRequest(operation, request)
      const { body } = request
      return [
        ...operation.parameters.flatMap((one) => check(one, values.get(one))),
        ...checkBody(operation, body === undefined ? undefined : JSON.parse(body)),
        ...(more ? ['more'] : []),
      ]
    },
    checkArguments(operation, values) {
      const { parameters, body, tool } = operation
      const names = new Set(Object.values(tool.arguments))
      const read = (name: string, required = false) => {
        const argument = tool.arguments[name] ?? ''
        const value = Object.hasOwn(values, argument) ? values[argument] : undefined
        // Models write null for what they leave out.
        return value === null && !required ? undefined : value
      }
      return [
        ...parameters.flatMap((one) => check(one, read(one.name, one.required))),
        ...checkBody(operation, read('body', body?.required)),
        ...(Object.keys(values).every((name) => names.has(name)) ? [] : ['more']),
      ]
    },
  }
}

/** Reads the values of a request by the types of their schemas, and whether it has more than these. */
function readRequest({ path, parameters }: ServedOperation, { target, headers }: RestRequest) {
  const [place = '', query = ''] = target.split('?')
  const segments = place.split('/')
  const pairs = query === '' ? [] : query.split('&').map((pair) => pair.split('='))
  const values = new Map<ServedParameter, unknown>()
  const names = new Set<unknown>()
  for (const one of parameters) {
    const { name, schema, explode = true } = one
    const index = path.split('/').indexOf(`{${name}}`)
    const own = pairs.flatMap(([key, text = '']) => (one.in === 'query' && key === name ? [text] : []))
    const header = headers[name]?.trim()
    const texts = one.in === 'path' ? [segments[index] ?? ''] : own
    const isList = schema.type === 'array'
    if (own.length === 1 || (own.length > 1 && isList && explode)) names.add(name)
    if (one.in === 'header' && header !== undefined) values.set(one, readText(header, schema))
    else if (texts.length > 0 && isList) {
      const parts = explode ? texts : texts.flatMap((text) => text.split(','))
      values.set(
        one,
        parts.map((part) => readText(decodeURIComponent(part), schema.items ?? {})),
      )
    } else if (texts.length > 0) values.set(one, readText(decodeURIComponent(texts.join()), schema))
  }
  return { values, more: pairs.some(([key]) => !names.has(key)) }
}

const grammars: Readonly<Record<string, RegExp>> = {
  integer: /^(?:0|-?[1-9]\d*)$/,
  number: /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/,
  boolean: /^(?:true|false)$/,
}

/** Reads a text as the type of its schema, in the one spelling that JSON has for it. */
function readText(text: string, { type }: Schema): unknown {
  return grammars[String(type)]?.test(text) ? JSON.parse(text) : text
}
