import { isDeepStrictEqual } from 'node:util'
import { asRecord, isObject } from '../document/json.ts'
import type { Description } from './description.ts'

type Part = Readonly<Record<string, unknown>>

/** Components by group and name: `schemas` → `Pet` → the schema. */
export type Components = Record<string, Record<string, unknown>>

/**
 * Adds the components of a description to those of the descriptions before it. One whose name is taken by something
 * else is called `<name>_<description>`; gives the description's parts with their references led there.
 */
export function addComponents(components: Components, description: Description): Description {
  const moved = new Map<string, string>()
  const own = asRecord(description.document.components)
  const files = asRecord(description.document['x-files'])
  const groups = Object.entries(own).filter(([group]) => !group.startsWith('x-'))
  for (const [group, parts] of [...groups, ['x-files', files] as const])
    for (const [name, part] of Object.entries(asRecord(parts))) {
      const taken = components[group]?.[name]
      if (taken !== undefined && !isDeepStrictEqual(taken, part))
        moved.set(toPointer(group, name), toPointer(group, `${name}_${description.name}`))
    }
  const rewrite = (part: unknown): unknown => {
    if (Array.isArray(part)) return part.map(rewrite)
    if (!isObject(part)) return part
    return Object.fromEntries(
      Object.entries(part).map(([member, one]) => [
        member,
        member === '$ref' && typeof one === 'string' ? toMoved(one, moved) : rewrite(one),
      ]),
    )
  }
  const led = (part: unknown) => (moved.size === 0 ? part : rewrite(part))
  for (const [group, parts] of [...groups, ['x-files', files] as const])
    for (const [name, part] of Object.entries(asRecord(parts))) {
      const pointer = moved.get(toPointer(group, name))
      const key = pointer === undefined ? name : `${name}_${description.name}`
      components[group] ??= {}
      components[group][key] = led(part)
    }
  return {
    ...description,
    operations: description.operations.map((one) => ({
      ...one,
      operation: renameSchemes(asRecord(led(one.operation)), moved),
    })),
  }
}

function toPointer(group: string, name: string): string {
  const key = name.replaceAll('~', '~0').replaceAll('/', '~1')
  return group === 'x-files' ? `#/x-files/${encodeURIComponent(key)}` : `#/components/${group}/${key}`
}

function toMoved(reference: string, moved: ReadonlyMap<string, string>): string {
  const end = reference.split('/', reference.startsWith('#/x-files/') ? 3 : 4).join('/')
  const target = moved.get(end)
  return target === undefined ? reference : target + reference.slice(end.length)
}

/** Security requirements name their schemes without a pointer. */
function renameSchemes(operation: Part, moved: ReadonlyMap<string, string>): Part {
  if (operation.security === undefined || moved.size === 0) return operation
  const rename = (name: string) => moved.get(toPointer('securitySchemes', name))?.split('/').at(-1) ?? name
  const security = [operation.security]
    .flat()
    .map((alternative) =>
      Object.fromEntries(
        Object.entries(asRecord(alternative)).map(([name, scopes]) => [rename(name), scopes]),
      ),
    )
  return { ...operation, security }
}

/** Leaves out the components that no operation leads to. */
export function pruneComponents(components: Components, operations: readonly unknown[]): Components {
  const kept: Components = {}
  // References may follow one another further than the stack goes.
  const pending: unknown[] = []
  const visit = (part: unknown): void => {
    if (Array.isArray(part)) part.forEach(visit)
    if (!isObject(part)) return
    for (const [member, one] of Object.entries(part))
      if (member === '$ref' && typeof one === 'string') keep(one)
      else visit(one)
  }
  const keep = (reference: string) => {
    const [, place = '', first = '', second = ''] = reference.split('/')
    const [group, key] = place === 'x-files' ? [place, first] : [first, second]
    const name = decodePointer(key)
    const part = components[group]?.[name]
    if (part === undefined || kept[group]?.[name] !== undefined) return
    kept[group] ??= {}
    kept[group][name] = part
    pending.push(part)
  }
  for (const operation of operations) {
    visit(operation)
    for (const alternative of [asRecord(operation).security ?? []].flat())
      for (const name of Object.keys(asRecord(alternative))) keep(toPointer('securitySchemes', name))
  }
  for (const part of pending) visit(part)
  return kept
}

function decodePointer(key: string): string {
  try {
    return decodeURIComponent(key).replaceAll('~1', '/').replaceAll('~0', '~')
  } catch {
    return key
  }
}
