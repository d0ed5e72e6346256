import type { OpenApiDocument } from '../document/document.ts'
import type { Operation } from '../document/operations.ts'

interface Route {
  readonly pattern: RegExp
  readonly methods: string[]
}

/** Finds the methods that a path is described with; none for a path that is not described at all. */
export type MethodFinder = (url: string) => readonly string[]

/** Reads the described paths once, so that a wrong method can be told from a wrong path (RFC 9110 §15.5.6). */
export function createMethodFinder(operations: readonly Operation[]): MethodFinder {
  const routes = new Map<string, Route>([
    ['/openapi.json', { pattern: /^\/openapi\.json$/, methods: ['GET'] }],
  ])
  for (const { restPath, method } of operations) {
    const known = routes.get(restPath)
    if (known) known.methods.push(method)
    else routes.set(restPath, { pattern: toPattern(restPath), methods: [method] })
  }
  return (url) => {
    const path = url.replace(/\?.*$/s, '')
    return [...routes.values()].find(({ pattern }) => pattern.test(path))?.methods ?? []
  }
}

function toPattern(template: string): RegExp {
  const literals = template
    .split(/\{[^}]+\}/)
    .map((literal) => literal.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${literals.join('[^/]+')}$`)
}

/**
 * The document as far as routing needs it: paths, methods and operation ids. Schemas stay out, because the
 * gateway validates by its own and Fastify would compile them, and media types, because the router takes those
 * of answers for bodies to parse.
 */
export function describeRoutes({ openapi, info }: OpenApiDocument, operations: readonly Operation[]): object {
  const paths: Record<string, Record<string, object>> = {}
  for (const { id, path, method, body } of operations) {
    const config = { takesBody: body !== undefined, operationId: id }
    const route = { operationId: id, 'x-fastify-config': config, responses: { default: { description: id } } }
    paths[path] = { ...paths[path], [method.toLowerCase()]: route }
  }
  return { openapi, info, paths }
}
