import type { HTTPMethods } from 'fastify'
import type { Operation } from '../document/operations.ts'
import { createPathPattern, parseTemplate } from '../document/path-template.ts'

interface Route {
  readonly pattern: RegExp
  readonly methods: string[]
}

/** Finds the methods that a path is described with; none for a path that is not described at all. */
export type MethodFinder = (url: string) => readonly string[]

/** Reads the exposed paths once, so that a wrong method can be told from a wrong path (RFC 9110 §15.5.6). */
export function createMethodFinder(operations: readonly Operation[]): MethodFinder {
  const routes = new Map<string, Route>([
    ['/openapi.json', { pattern: createPathPattern('/openapi.json'), methods: ['GET'] }],
  ])
  for (const { restPath, method } of operations) {
    const known = routes.get(restPath)
    if (known) known.methods.push(method)
    else routes.set(restPath, { pattern: createPathPattern(restPath), methods: [method] })
  }
  return (url) => {
    const path = url.replace(/\?.*$/s, '')
    const found = [...routes.values()].filter(({ pattern }) => pattern.test(path))
    return [...new Set(found.flatMap(({ methods }) => methods))]
  }
}

/** How the operations are routed at their exposed paths. */
export interface RoutePlan {
  /**
   * An OpenAPI document of paths, methods and operation ids. Schemas stay out, because the gateway validates by its own
   * and Fastify would compile them; so do media types, which the router takes for bodies to parse.
   */
  readonly specification: object
  /** Routes of paths that OpenAPI's router does not read as they are meant: `/{id}:cancel`, `/{name}.json`. */
  readonly others: readonly OtherRoute[]
}

interface OtherRoute {
  readonly operationId: string
  readonly method: HTTPMethods
  /** In the words of find-my-way. */
  readonly url: string
  readonly config: { readonly takesBody: boolean; readonly operationId: string }
}

/** The methods that the router of OpenAPI documents knows. */
const glueMethods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

/** Plans the routes of operations. Their handlers read the variables from the URL themselves. */
export function planRoutes(operations: readonly Operation[]): RoutePlan {
  const paths: Record<string, Record<string, object>> = {}
  const others: OtherRoute[] = []
  for (const { id, restPath, method, body } of operations) {
    const config = { takesBody: body !== undefined, operationId: id }
    const { parts } = parseTemplate(restPath)
    if (isPlain(parts) && glueMethods.has(method)) {
      const path = parts
        .map((part, index) => (index % 2 === 0 ? part : `{${nameVariable(part, index)}}`))
        .join('')
      const responses = { default: { description: id } }
      const route = { operationId: id, 'x-fastify-config': config, responses }
      paths[path] = { ...paths[path], [method.toLowerCase()]: route }
    } else others.push({ operationId: id, method, url: writeRoute(parts), config })
  }
  const info = { title: 'Routes', version: '1.0.0' }
  return { specification: { openapi: '3.0.3', info, paths }, others }
}

/** True for literals that mean themselves to every router, with variables that are whole segments. */
function isPlain(parts: readonly string[]): boolean {
  return parts.every(
    (part, index) =>
      index % 2 === 1 ||
      (/^[\w./~-]*$/.test(part) &&
        (index === 0 || part === '' || part.startsWith('/')) &&
        (index === parts.length - 1 || part.endsWith('/'))),
  )
}

/** The name of a variable in the router, and in the log's `route`: its own where that is a word. */
function nameVariable(name: string, index: number): string {
  return /^[A-Za-z]\w*$/.test(name) ? name : `v${index}`
}

/** Writes a path for find-my-way: a variable ends where its pattern does, and `::` is a colon. */
function writeRoute(parts: readonly string[]): string {
  return parts
    .map((part, index) =>
      index % 2 === 0 ? decodeURI(part).replaceAll(':', '::') : `:${nameVariable(part, index)}(.+?)`,
    )
    .join('')
}
