import type { Operation } from '../document/operations.ts'
import { createPathPattern, createVariablePattern, parseTemplate } from '../document/path-template.ts'

/** Finds the methods that a path is described with; none for a path that is not described at all. */
export type MethodFinder = (url: string) => readonly string[]

/** Reads the exposed paths once, so that a wrong method can be told from a wrong path (RFC 9110 §15.5.6). */
export function createMethodFinder(operations: readonly Operation[]): MethodFinder {
  const all = [{ restPath: '/openapi.json', method: 'GET' }, ...operations]
  const routes = [...Map.groupBy(all, ({ restPath }) => restPath)].map(([path, group]) => ({
    pattern: createPathPattern(path),
    methods: group.map(({ method }) => method),
  }))
  return (url) => {
    const path = url.replace(/\?.*$/s, '')
    const found = routes.filter(({ pattern }) => pattern.test(path))
    return [...new Set(found.flatMap(({ methods }) => methods))]
  }
}

/**
 * Writes an exposed path for find-my-way, where `::` is a colon. A variable that is not a whole segment, as in
 * `/{id}:cancel` and `/{name}.json`, has a pattern.
 */
export function writeRoute(restPath: string): string {
  const parts = parseTemplate(restPath).parts.map((part, index) => (index % 2 === 0 ? decodeURI(part) : part))
  return parts
    .map((part, index) => {
      if (index % 2 === 0) return part.replaceAll(':', '::')
      const [before = '', after = ''] = [parts[index - 1], parts[index + 1]]
      const isSegment =
        before.endsWith('/') && (after.startsWith('/') || (index + 2 === parts.length && after === ''))
      return `:${nameVariable(part, index)}${isSegment ? '' : createVariablePattern(parts, index, '[\\s\\S]')}`
    })
    .join('')
}

/** Returns the name of a variable in the router, and in the log's `route`: its own where that is a word. */
function nameVariable(name: string, index: number): string {
  return /^[A-Za-z]\w*$/.test(name) ? name : `v${index}`
}
