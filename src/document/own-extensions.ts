import { dataMembers, namedMembers } from './document-members.ts'
import { extensions } from './extensions.ts'
import { isObject } from './json.ts'

/** What clients are shown: extensions that the gateway reads, but for what only its operator is told. */
const shown = new Set(Object.values(extensions).flatMap((one) => Object.keys(one)))
for (const name of ['x-env', 'x-base-url', 'x-constant-headers']) shown.delete(name)

/** Members that are lists of names, or hold values by names. */
const values = new Set(['security', 'scopes', 'mapping', 'dependentRequired', 'variables'])

/** Members that hold parts by names which may begin as an extension does: methods, media types, files. */
const named = new Set([...namedMembers, 'additionalOperations', 'content', 'x-files'])

/**
 * Copies a document without the extensions of others. They tell tools of the operator's how to deploy the API, also by
 * addresses and credentials. Parts without any are not copied.
 */
export function keepOwnExtensions<Document extends object>(document: Document): Document
export function keepOwnExtensions(document: object): unknown {
  return keep(document, false)
}

function keep(part: unknown, isNamed: boolean): unknown {
  if (Array.isArray(part)) {
    const list = part.map((one: unknown) => keep(one, false))
    return list.some((one, index) => one !== part[index]) ? list : part
  }
  if (!isObject(part)) return part
  let isCut = false
  const kept = Object.entries(part).flatMap(([name, one]): [string, unknown][] => {
    const isExtension = !isNamed && name.startsWith('x-') && name !== 'x-files'
    const isShown = !isExtension || shown.has(name)
    const isData = isExtension || (!isNamed && (dataMembers.has(name) || values.has(name)))
    const own = isData ? one : keep(one, !isNamed && named.has(name))
    isCut ||= !isShown || own !== one
    return isShown ? [[name, own]] : []
  })
  return isCut ? Object.fromEntries(kept) : part
}
