import { isDeepStrictEqual } from 'node:util'
import { readMapped, readName } from '../document/discriminator.ts'
import { asRecord, isObject, readOwn } from '../document/json.ts'
import { escapeName, splitFragment } from '../document/json-pointer.ts'
import type { Description } from './description.ts'

type Part = Readonly<Record<string, unknown>>

/** Components by group and name: `schemas` → `Pet` → the schema. Both names are an author's, who may write `__proto__`. */
export type Components = Map<string, Map<string, unknown>>

/** A component of a description. */
interface Component {
  readonly group: string
  readonly name: string
  readonly part: unknown
}

/**
 * Adds the components of a description to those of the descriptions before it. One whose name is taken by something
 * else is called `<name>_<description>`; gives the description's parts with their references led there.
 */
export function addComponents(components: Components, description: Description): Description {
  const own = listComponents(description.document)
  const names = nameMoved(own, components, description.name)
  const rename: Renaming = (group, name) => names.get(toPointer(group, name)) ?? name
  const led = (part: unknown) => (names.size === 0 ? part : leadReferences(part, rename))
  for (const { group, name, part } of own) addComponent(components, group, rename(group, name), led(part))
  return {
    ...description,
    operations: description.operations.map((one) => ({
      ...one,
      operation: renameSchemes(asRecord(led(one.operation)), rename),
    })),
  }
}

function addComponent(components: Components, group: string, name: string, part: unknown): void {
  const parts = components.get(group) ?? new Map<string, unknown>()
  components.set(group, parts.set(name, part))
}

function listComponents(document: Part): Component[] {
  const groups = Object.entries(asRecord(document.components)).filter(([group]) => !group.startsWith('x-'))
  return [...groups, ['x-files', document['x-files']] as const].flatMap(([group, parts]) =>
    Object.entries(asRecord(parts)).map(([name, part]) => ({ group, name, part })),
  )
}

/**
 * Names anew, by their pointers, the components whose name is taken by something else. One of equal text is something
 * else, too, where it leads to one that is named anew.
 */
function nameMoved(
  own: readonly Component[],
  components: Components,
  description: string,
): ReadonlyMap<string, string> {
  const users = new Map<string, Set<Component>>()
  const moved: Component[] = []
  for (const one of own) {
    const taken = components.get(one.group)?.get(one.name)
    if (taken === undefined) continue
    if (!isDeepStrictEqual(taken, one.part)) moved.push(one)
    else
      leadReferences(one.part, (group, name) => {
        const pointer = toPointer(group, name)
        users.set(pointer, (users.get(pointer) ?? new Set()).add(one))
        return name
      })
  }
  const names = new Map<string, string>()
  const taken = new Set(own.map(({ group, name }) => toPointer(group, name)))
  // The users of one that is moved are moved after it.
  for (const { group, name } of moved) {
    const pointer = toPointer(group, name)
    if (names.has(pointer)) continue
    const isFree = (one: string) => !components.get(group)?.has(one) && !taken.has(toPointer(group, one))
    let free = `${name}_${description}`
    for (let count = 2; !isFree(free); count += 1) free = `${name}_${description}_${count}`
    names.set(pointer, free)
    taken.add(toPointer(group, free))
    moved.push(...(users.get(pointer) ?? []))
  }
  return names
}

function leadReferences(part: unknown, rename: Renaming): unknown {
  if (Array.isArray(part)) return part.map((one) => leadReferences(one, rename))
  if (!isObject(part)) return part
  return Object.fromEntries(
    Object.entries(part).map(([member, one]) => {
      if (member === '$ref' && typeof one === 'string') return [member, toMoved(one, rename)]
      if (member === 'discriminator' && isObject(one)) return [member, leadMapping(one, part, rename)]
      return [member, leadReferences(one, rename)]
    }),
  )
}

/** A schema that is named anew keeps the value that named it, also where that was its name. */
function leadMapping(discriminator: Part, { oneOf, anyOf }: Part, rename: Renaming): Part {
  if (typeof discriminator.propertyName !== 'string') return asRecord(leadReferences(discriminator, rename))
  const mapped = Object.entries(asRecord(discriminator.mapping))
  const references = new Set(mapped.map(([, to]) => readMapped(to)))
  const implicit = [oneOf ?? [], anyOf ?? []].flat().flatMap((choice): [string, string][] => {
    const $ref = readOwn(choice, '$ref')
    const name = readName($ref)
    const isNew = typeof $ref === 'string' && !references.has($ref) && toMoved($ref, rename) !== $ref
    return isNew && name !== undefined ? [[name, $ref]] : []
  })
  const mapping = [...mapped, ...implicit].map(([value, to]): [string, unknown] => {
    const reference = readMapped(to)
    const moved = toMoved(reference, rename)
    return [value, moved === reference ? to : moved]
  })
  return { ...discriminator, ...(mapping.length > 0 && { mapping: Object.fromEntries(mapping) }) }
}

/** Gives the name that a component has among those of all descriptions. */
type Renaming = (group: string, name: string) => string

function toPointer(group: string, name: string): string {
  const key = encodeURIComponent(escapeName(name.toWellFormed()))
  return group === 'x-files' ? `#/x-files/${key}` : `#/components/${group}/${key}`
}

/** Takes a reference apart, whose names may be percent-encoded; what follows the component is left as it is. */
function readReference(reference: string) {
  const [start, place = '', first = '', second = ''] = reference.split('/')
  if (start !== '#' || (place !== 'x-files' && place !== 'components')) return undefined
  const isFile = place === 'x-files'
  const name = splitFragment(reference)[isFile ? 1 : 2] ?? ''
  const end = [start, place, first, ...(isFile ? [] : [second])].join('/').length
  return { group: isFile ? place : first, name, rest: reference.slice(end) }
}

function toMoved(reference: string, rename: Renaming): string {
  const target = readReference(reference)
  if (!target) return reference
  const { group, name, rest } = target
  const renamed = rename(group, name)
  return renamed === name ? reference : toPointer(group, renamed) + rest
}

/** Security requirements and pins name schemes without a pointer. */
function renameSchemes(operation: Part, rename: Renaming): Part {
  const { security, parameters } = operation
  const renamed = (name: string) => rename('securitySchemes', name)
  const toAlternative = (alternative: unknown) =>
    Object.fromEntries(Object.entries(asRecord(alternative)).map(([name, scopes]) => [renamed(name), scopes]))
  const toParameter = (parameter: unknown) => {
    const { credential } = asRecord(asRecord(parameter)['x-pin'])
    if (typeof credential !== 'string') return parameter
    return { ...asRecord(parameter), 'x-pin': { credential: renamed(credential) } }
  }
  return {
    ...operation,
    ...(security !== undefined && { security: [security].flat().map(toAlternative) }),
    ...(Array.isArray(parameters) && { parameters: parameters.map(toParameter) }),
  }
}

/** Gives the components that operations lead to, by group and name. */
export function pruneComponents(
  components: Components,
  operations: readonly unknown[],
): Readonly<Record<string, Part>> {
  const kept: Components = new Map()
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
    const target = readReference(reference)
    if (!target) return
    const { group, name } = target
    const part = components.get(group)?.get(name)
    if (part === undefined || kept.get(group)?.has(name)) return
    addComponent(kept, group, name, part)
    pending.push(part)
  }
  for (const operation of operations) {
    visit(operation)
    for (const alternative of [asRecord(operation).security ?? []].flat())
      for (const name of Object.keys(asRecord(alternative))) keep(toPointer('securitySchemes', name))
  }
  for (const part of pending) visit(part)
  return Object.fromEntries([...kept].map(([group, parts]) => [group, Object.fromEntries(parts)]))
}
