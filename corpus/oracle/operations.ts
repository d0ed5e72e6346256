import { asList, asPart, createResolve, type Part, type Resolve } from './schema.ts'

/** How a value is written in its place. */
export type Spelling = 'simple' | 'label' | 'matrix' | 'form' | 'space' | 'tab' | 'pipe' | 'deep'

/** A parameter as a document describes it, of whatever version. */
export interface OracleParameter {
  readonly name: string
  readonly in: 'path' | 'query' | 'header' | 'cookie'
  readonly required: boolean
  readonly schema: unknown
  readonly spelling: Spelling
  readonly explode: boolean
  /** Media type of the value, where it is written as a whole. */
  readonly mediaType?: string
}

/** One way to write the body of an operation. */
export interface OracleBody {
  /** In lower case, without parameters. */
  readonly type: string
  readonly schema: unknown
  /** How members of a form are written, by their names. */
  readonly encoding: Readonly<Record<string, MemberEncoding>>
}

/** How one member of a form is written. */
export interface MemberEncoding {
  readonly spelling?: Spelling
  readonly explode?: boolean
  readonly contentType?: string
}

/** A security scheme by the place of its credential; one of the connection has none. */
export interface OracleScheme {
  readonly name: string
  readonly in: 'header' | 'query' | 'cookie' | 'connection'
  readonly key: string
  readonly prefix: '' | 'Bearer ' | 'Basic '
}

/** An operation as a document describes it. */
export interface OracleOperation {
  /** In capitals. */
  readonly method: string
  /** As the document spells it. */
  readonly path: string
  readonly parameters: readonly OracleParameter[]
  readonly bodies: readonly OracleBody[]
  readonly requiresBody: boolean
  /** Alternatives of schemes; none at all where no credential is needed. */
  readonly security: readonly (readonly OracleScheme[])[]
  /** URL that the path is appended to, without a slash at its end; undefined where the document has no absolute one. */
  readonly baseUrl: string | undefined
  readonly resolve: Resolve
}

const methods = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch']

/** Reads the operations of an OpenAPI document, 2.0 to 3.1, from the specification's own words. */
export function readOracleOperations(document: Part): OracleOperation[] {
  const resolve = createResolve(document)
  return Object.entries(asPart(document.paths)).flatMap(([path, reference]) => {
    const item = asPart(resolve(reference))
    if (!path.startsWith('/')) return []
    return methods.flatMap((method) =>
      item[method] === undefined ? [] : [readOperation({ document, resolve, item, path, method })],
    )
  })
}

interface Place {
  readonly document: Part
  readonly resolve: Resolve
  readonly item: Part
  readonly path: string
  readonly method: string
}

function readOperation({ document, resolve, item, path, method }: Place): OracleOperation {
  const operation = asPart(item[method])
  const isOld = document.swagger !== undefined
  const all = new Map<string, Part>()
  for (const part of [...asList(item.parameters), ...asList(operation.parameters)]) {
    const parameter = asPart(resolve(part))
    all.set(`${parameter.in} ${parameter.name}`, parameter)
  }
  const parts = [...all.values()]
  const security = readSecurity(document, operation, parts, resolve)
  const isCredential = (one: OracleParameter) =>
    security
      .flat()
      .some(({ in: place, key }) => place === one.in && key.toLowerCase() === one.name.toLowerCase())
  return {
    method: method.toUpperCase(),
    path,
    parameters: parts.flatMap((part) => readParameter(part, isOld) ?? []).filter((one) => !isCredential(one)),
    ...(isOld ? readOldBody(document, operation, parts) : readBody(asPart(resolve(operation.requestBody)))),
    security,
    baseUrl: isOld ? readOldServer(document, operation) : readServer(document, item, operation),
    resolve,
  }
}

/**
 * Headers that OpenAPI has ignored as parameters, and those that HTTP gives each message (RFC 9110 §7.6.1, §8.4, §8.6,
 * §12.5.3).
 */
const ignored = new Set([
  ...['accept', 'content-type', 'authorization', 'host', 'connection', 'keep-alive', 'expect', 'upgrade'],
  ...['content-length', 'transfer-encoding', 'te', 'trailer', 'proxy-connection'],
  ...['accept-encoding', 'content-encoding', 'proxy-authorization'],
])

function readParameter(part: Part, isOld: boolean): OracleParameter | undefined {
  const { name, in: place } = part
  if (typeof name !== 'string') return undefined
  if (place !== 'path' && place !== 'query' && place !== 'header' && place !== 'cookie') return undefined
  if (place === 'header' && ignored.has(name.toLowerCase())) return undefined
  const required = part.required === true || place === 'path'
  const common = { name, in: place, required } as const
  const usual: Spelling = place === 'query' || place === 'cookie' ? 'form' : 'simple'
  if (isOld) {
    const format = String(part.collectionFormat ?? 'csv')
    const spellings: Readonly<Record<string, Spelling>> = { ssv: 'space', tsv: 'tab', pipes: 'pipe' }
    return { ...common, schema: part, spelling: spellings[format] ?? usual, explode: format === 'multi' }
  }
  const [media] = Object.entries(asPart(part.content))
  const schema = media ? asPart(media[1]).schema : (part.schema ?? { type: 'string' })
  const spelling = readSpelling(part.style, usual)
  const explode =
    typeof part.explode === 'boolean' ? part.explode : spelling === 'form' || spelling === 'deep'
  return { ...common, schema, spelling, explode, ...(media && { mediaType: media[0] }) }
}

function readSpelling(style: unknown, usual: Spelling): Spelling {
  const styles: Readonly<Record<string, Spelling>> =
    usual === 'form'
      ? { form: 'form', spaceDelimited: 'space', pipeDelimited: 'pipe', deepObject: 'deep' }
      : { simple: 'simple', label: 'label', matrix: 'matrix' }
  return styles[String(style)] ?? usual
}

type Bodies = Pick<OracleOperation, 'bodies' | 'requiresBody'>

function readBody({ content, required }: Part): Bodies {
  const bodies = Object.entries(asPart(content)).map(([type, media]): OracleBody => {
    const { schema, encoding } = asPart(media)
    const members = Object.entries(asPart(encoding)).map(([name, how]): [string, MemberEncoding] => {
      const { style, explode, contentType } = asPart(how)
      const isStyled = style !== undefined || explode !== undefined
      const spelling = readSpelling(style, 'form')
      return [
        name,
        {
          ...(isStyled && {
            spelling,
            explode: typeof explode === 'boolean' ? explode : spelling === 'form' || spelling === 'deep',
          }),
          ...(typeof contentType === 'string' && { contentType }),
        },
      ]
    })
    return { type: toType(type), schema, encoding: Object.fromEntries(members) }
  })
  return { bodies, requiresBody: required === true }
}

function toType(type: string): string {
  return type.replace(/;.*$/s, '').trim().toLowerCase()
}

function readOldBody(document: Part, operation: Part, parts: readonly Part[]): Bodies {
  const types = asList(operation.consumes ?? document.consumes).map((type) => toType(String(type)))
  const whole = parts.find((one) => one.in === 'body')
  const fields = parts.filter((one) => one.in === 'formData')
  if (whole) {
    const bodies = (types.length > 0 ? types : ['application/json']).map((type) => ({
      ...{ type, schema: whole.schema, encoding: {} },
    }))
    return { bodies, requiresBody: whole.required === true }
  }
  if (fields.length === 0) return { bodies: [], requiresBody: false }
  const forms = types.filter((type) => /form/.test(type))
  const hasFile = fields.some(({ type }) => type === 'file')
  const usual = hasFile ? 'multipart/form-data' : 'application/x-www-form-urlencoded'
  const encoding = Object.fromEntries(
    fields
      .filter(({ type }) => type === 'array')
      .map((one): [string, MemberEncoding] => [
        String(one.name),
        { spelling: 'form', explode: one.collectionFormat === 'multi' },
      ]),
  )
  const schema = {
    type: 'object',
    properties: Object.fromEntries(fields.map((one) => [String(one.name), withoutRequired(one)])),
    required: fields.filter(({ required }) => required === true).map(({ name }) => name),
    additionalProperties: false,
  }
  return {
    bodies: (forms.length > 0 ? forms : [usual]).map((type) => ({ type, schema, encoding })),
    requiresBody: schema.required.length > 0,
  }
}

/** `required` of a field is no list of names. */
function withoutRequired({ required: _, ...part }: Part): Part {
  return part
}

function readSecurity(
  document: Part,
  operation: Part,
  parameters: readonly Part[],
  resolve: Resolve,
): OracleOperation['security'] {
  const schemes = asPart(document.securityDefinitions ?? asPart(document.components).securitySchemes)
  const listed = operation.security ?? document.security
  if (listed === undefined) return readHeaderCredential(parameters)
  return asList(listed).flatMap((alternative) => {
    const names = Object.keys(asPart(alternative))
    const found = names.flatMap((name) => readScheme(name, asPart(resolve(schemes[name]))) ?? [])
    // A scheme that nothing describes cannot be met.
    return found.length === names.length ? [found] : []
  })
}

function readScheme(name: string, { type, in: place, name: key, scheme }: Part): OracleScheme | undefined {
  const header = { name, in: 'header', key: 'Authorization' } as const
  if (type === 'oauth2' || type === 'openIdConnect') return { ...header, prefix: 'Bearer ' }
  if (type === 'basic') return { ...header, prefix: 'Basic ' }
  if (type === 'http') {
    const word = String(scheme).toLowerCase()
    return { ...header, prefix: word === 'bearer' ? 'Bearer ' : word === 'basic' ? 'Basic ' : '' }
  }
  if (type === 'mutualTLS') return { name, in: 'connection', key: '', prefix: '' }
  if (type !== 'apiKey' || typeof key !== 'string')
    return type === undefined ? undefined : { name, in: 'connection', key: '', prefix: '' }
  if (place !== 'header' && place !== 'query' && place !== 'cookie')
    return { name, in: 'connection', key: '', prefix: '' }
  return { name, in: place, key, prefix: '' }
}

/** A document without security that describes its `Authorization` header as a parameter means a credential. */
function readHeaderCredential(parameters: readonly Part[]): OracleOperation['security'] {
  const header = parameters.find((one) => one.in === 'header' && /^authorization$/i.test(String(one.name)))
  if (!header) return []
  const scheme = { name: 'authorization', in: 'header', key: 'Authorization', prefix: '' } as const
  return header.required === true ? [[scheme]] : [[scheme], []]
}

function readOldServer(document: Part, operation: Part): string | undefined {
  const { host, basePath = '' } = document
  if (typeof host !== 'string') return undefined
  const schemes = asList(operation.schemes ?? document.schemes).map(String)
  const scheme =
    schemes.includes('https') || schemes.length === 0 ? 'https' : schemes.find((one) => one === 'http')
  return scheme && toAddress(`${scheme}://${host}${basePath}`)
}

function readServer(document: Part, item: Part, operation: Part): string | undefined {
  const [server] = asList(operation.servers ?? item.servers ?? document.servers)
  const { url, variables } = asPart(server)
  if (typeof url !== 'string') return undefined
  const filled = url.replaceAll(/\{([^}]+)\}/g, (whole, name: string) =>
    String(asPart(asPart(variables)[name]).default ?? whole),
  )
  const whole = filled.startsWith('//') ? `https:${filled}` : filled
  return /^https?:\/\//.test(whole) && !/[{}]/.test(whole) ? toAddress(whole) : undefined
}

/** Nothing for this machine and its link: there an operator leads the gateway, or nobody. */
function toAddress(url: string): string | undefined {
  const isLocal = URL.canParse(url) && /^(localhost|127\.|169\.254\.|\[::1\])/.test(new URL(url).hostname)
  return isLocal ? undefined : url.replace(/\/$/, '')
}
