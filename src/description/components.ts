import { isDeepStrictEqual } from 'node:util'
import { asRecord, isObject } from '../document/json.ts'
import { escapeName, splitFragment } from '../document/json-pointer.ts'
import type { Description } from './description.ts'

type Part = Readonly<Record<string, unknown>>

/** Components by group and name: `schemas` → `Pet` → the schema. */
export type Components = Record<string, Record<string, unknown>>

/**
 * Adds the components of a description to those of the descriptions before it. One whose name is taken by something
 * else is called `<name>_<description>`; gives the description's parts with their references led there.
 */
export function addComponents(components: Components, description: Description): Description {
  const moved = new Set<string>()
  const rename = (group: string, name: string) =>
    moved.has(toPointer(group, name)) ? `${name}_${description.name}` : name
  const own = asRecord(description.document.components)
  const files = asRecord(description.document['x-files'])
  const groups = Object.entries(own).filter(([group]) => !group.startsWith('x-'))
  for (const [group, parts] of [...groups, ['x-files', files] as const])
    for (const [name, part] of Object.entries(asRecord(parts))) {
      const taken = components[group]?.[name]
      if (taken !== undefined && !isDeepStrictEqual(taken, part)) moved.add(toPointer(group, name))
    }
  const rewrite = (part: unknown): unknown => {
    if (Array.isArray(part)) return part.map(rewrite)
    if (!isObject(part)) return part
    return Object.fromEntries(
      Object.entries(part).map(([member, one]) => [
        member,
        member === '$ref' && typeof one === 'string' ? toMoved(one, rename) : rewrite(one),
      ]),
    )
  }
  const led = (part: unknown) => (moved.size === 0 ? part : rewrite(part))
  for (const [group, parts] of [...groups, ['x-files', files] as const])
    for (const [name, part] of Object.entries(asRecord(parts))) {
      components[group] ??= {}
      components[group][rename(group, name)] = led(part)
    }
  return {
    ...description,
    operations: description.operations.map((one) => ({
      ...one,
      operation: renameSchemes(asRecord(led(one.operation)), rename),
    })),
  }
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

/** Security requirements name their schemes without a pointer. */
function renameSchemes(operation: Part, rename: Renaming): Part {
  if (operation.security === undefined) return operation
  const security = [operation.security]
    .flat()
    .map((alternative) =>
      Object.fromEntries(
        Object.entries(asRecord(alternative)).map(([name, scopes]) => [
          rename('securitySchemes', name),
          scopes,
        ]),
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
    const target = readReference(reference)
    if (!target) return
    const { group, name } = target
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
