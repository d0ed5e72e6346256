import { asList, asRecord, isObject, readOwn } from './json.ts'
import { isSecret, type JsonSchema } from './json-schema.ts'
import { compilePattern, isPattern } from './linear-pattern.ts'
import { onceFor } from './once.ts'
import type { Operation } from './operations.ts'
import { findPosition } from './parameters.ts'
import type { CallInput } from './validation.ts'
import { follow, listInPlace } from './value-shape.ts'

/** Lists the values of a call that its operation describes as secrets. */
export type PasswordFinder = (input: CallInput) => string[]

/**
 * Prepares the search for what an operation describes as secrets (`format: password`, `x-secret`) in its parameters and bodies;
 * undefined where it describes none. Credentials are not among them.
 */
export function createPasswordFinder({
  parameters,
  body,
}: Pick<Operation, 'parameters' | 'body'>): PasswordFinder | undefined {
  const secret = parameters.filter((one) => !one.isCredential && holdsPassword(one.schema, one.schema))
  const [usual, ...others] = body?.content ?? []
  const hasBody = [usual, ...others].some((one) => one && holdsPassword(one.schema, one.schema))
  if (secret.length === 0 && !hasBody) return undefined
  return ({ mediaType = usual, ...input }) => [
    ...secret.flatMap((one) => findPasswords(one.schema, input[findPosition(one)]?.[one.name])),
    ...(hasBody && mediaType ? findPasswords(mediaType.schema, input.body) : []),
  ]
}

/**
 * Lists the texts and numbers in a value that its schema calls secrets. Which alternative a value is of, and which pattern a name
 * matches, is not asked: too much is secret rather than too little.
 */
export function findPasswords(schema: JsonSchema, value: unknown): string[] {
  const found = new Set<string>()
  const seen = new Map<string, Set<unknown>>()
  const visitTarget = (reference: string, here: unknown): void => {
    const values = seen.get(reference) ?? new Set()
    if (values.has(here)) return
    seen.set(reference, values.add(here))
    visit(follow(reference, schema), here)
  }
  const visit = (part: unknown, here: unknown): void => {
    // A value can have very many parts, of which few can hold a password.
    if (!isObject(part) || !holdsPassword(part, schema)) return
    if (isSecret(part)) for (const one of listTexts(here, part['x-secret'] === true)) found.add(one)
    if (typeof part.$ref === 'string') visitTarget(part.$ref, here)
    for (const one of listInPlace(part)) visit(one, here)
    if (Array.isArray(here)) visitElements(part, here, visit)
    else if (isObject(here) && !ArrayBuffer.isView(here)) visitMembers(part, here, visit)
  }
  visit(schema, value)
  return [...found]
}

/** Lists the text or the number that a value is, as a text; of the whole value those that stand in it too. */
function listTexts(value: unknown, isWhole: boolean): string[] {
  const texts: string[] = []
  const open: unknown[] = [value]
  // A list grows while it is walked, and a value can nest deeper than calls.
  for (const one of open) {
    if (JSON.isRawJSON(one)) texts.push(JSON.stringify(one))
    else if (typeof one === 'string' || typeof one === 'number') texts.push(String(one))
    else if (isWhole && isContainer(one)) for (const part of Object.values(one)) open.push(part)
  }
  return texts.filter((one) => one !== '')
}

function isContainer(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !ArrayBuffer.isView(value)
}

type Visit = (schema: unknown, value: unknown) => void

function visitElements(schema: JsonSchema, list: readonly unknown[], visit: Visit): void {
  for (const [index, one] of list.entries())
    for (const element of listElementSchemas(schema, index)) visit(element, one)
}

function visitMembers(schema: JsonSchema, value: Readonly<Record<string, unknown>>, visit: Visit): void {
  for (const [name, one] of Object.entries(value))
    for (const member of listMemberSchemas(schema, name)) visit(member, one)
}

/** Lists the schemas that a schema may describe an element of a list by: the one at an index, or any. */
export function listElementSchemas(
  { prefixItems, items, unevaluatedItems, contains }: JsonSchema,
  index?: number,
): unknown[] {
  const first = asList(prefixItems)
  const own = index === undefined ? [...first, items] : [first[index] ?? items]
  return [...own, unevaluatedItems, contains].filter((one) => one !== undefined)
}

/** Lists the schemas that a schema describes a member by. */
export function listMemberSchemas(schema: JsonSchema, name: string): unknown[] {
  const { properties, patternProperties, additionalProperties, unevaluatedProperties } = schema
  const own = readOwn(properties, name)
  const named = own === undefined ? [additionalProperties, unevaluatedProperties] : [own]
  const patterns = isObject(patternProperties) ? compilePatterns(patternProperties) : []
  const matched = patterns.flatMap(({ matches, member }) => (matches(name) ? [member] : []))
  return [...named, ...matched].filter((one) => one !== undefined)
}

/** A text that is no pattern may match any name. */
const compilePatterns = onceFor((patternProperties: Readonly<Record<string, unknown>>) =>
  Object.entries(patternProperties).map(([pattern, member]) => {
    const matcher = isPattern(pattern) ? compilePattern(pattern, 'u') : undefined
    return { member, matches: (name: string) => matcher?.test(name) ?? true }
  }),
)

/** Returns whether a secret is among the parts of a schema, those that it refers to included. */
export function holdsPassword(part: unknown, root: JsonSchema): boolean {
  return typeof part === 'object' && part !== null && holdersOf(root)(part)
}

const holdersOf = onceFor((root: JsonSchema) => onceFor((part: object) => reachesPassword(part, root)))

function reachesPassword(part: object, root: JsonSchema): boolean {
  const own = scanSchema(part)
  const reached = new Set(own.references)
  if (own.holdsPassword) return true
  // A set gives what is added to it while it is walked, too.
  for (const reference of reached) {
    const found = scanSchema(follow(reference, root))
    if (found.holdsPassword) return true
    for (const one of found.references) reached.add(one)
  }
  return false
}

/** What stands in a schema itself: a secret, and references to definitions. */
interface SchemaScan {
  readonly holdsPassword: boolean
  readonly references: readonly string[]
}

function scanSchema(part: unknown): SchemaScan {
  const isPart = typeof part === 'object' && part !== null
  return isPart ? scanPart(part) : { holdsPassword: false, references: [] }
}

const scanPart = onceFor((part: object): SchemaScan => {
  const { $defs: _, ...own } = asRecord(part)
  const { $ref } = own
  const inner = Object.values(own).map(scanSchema)
  return {
    holdsPassword: isSecret(own) || inner.some((one) => one.holdsPassword),
    references: [
      ...new Set([
        ...(typeof $ref === 'string' ? [$ref] : []),
        ...inner.flatMap(({ references }) => references),
      ]),
    ],
  }
})
