import { Ajv } from 'ajv'
import { annotations, formats } from '../../src/document/formats.ts'
import { toJsonSchema } from '../../src/document/schema-reader.ts'
import type { Members } from './schema-changes.ts'

/**
 * True when two schemas of a single value take the same of all probes, so that no client could tell them apart: a
 * least length of one says nothing beside a pattern that needs a character. Schemas of objects are never the same.
 */
export function areEquivalent(one: Members, other: Members): boolean {
  if ([one, other].some(({ type, properties, $ref }) => properties || $ref || type === 'object')) return false
  // `password` narrows nothing, yet it marks a secret.
  if ([one, other].some(({ format }) => format === 'password') && one.format !== other.format) return false
  const probes = [...listTexts(one, other), ...listNumbers(one, other), ...listOthers(one, other)]
  const [first, second] = [one, other].map(compile)
  return probes.every((probe) => first?.(probe) === second?.(probe))
}

const ajv = new Ajv({ strict: false })
for (const [name, { check }] of Object.entries(formats)) ajv.addFormat(name, check)
for (const name of annotations) ajv.addFormat(name, true)

function compile(schema: Members): (value: unknown) => boolean {
  const validate = ajv.compile(toJsonSchema(schema))
  return (value) => validate(value)
}

function listTexts(...schemas: readonly Members[]): string[] {
  const lengths = readLimits(schemas, ['minLength', 'maxLength'])
  const long = [0, 1, 2, ...lengths].filter((length) => length >= 0)
  const fill = (length: number, before: string, after: string) =>
    length < before.length + after.length + 1
      ? []
      : [before + 'a'.repeat(length - before.length - after.length) + after]
  const choices = schemas.flatMap((schema) => [schema.enum ?? []].flat()).map(String)
  return [
    ...long.flatMap((length) => [
      ...fill(length, '', ''),
      ...fill(length, '', '@example.org'),
      ...fill(length, 'https://example.org/', ''),
    ]),
    ...choices,
    ...['', ' ', 'ä', '~', 'a b', 'a,b', 'a.b', 'a,b@example.org', 'a b@example.org', '@example.org'],
    ...[
      'ftp://example.org/',
      'example.org',
      'http://example.org',
      'http://a b',
      'Europe/Oslo',
      '+02:00',
      '2026-11-22T10:00:00Z',
    ],
  ]
}

function listNumbers(...schemas: readonly Members[]): number[] {
  return [0, -1, 1.5, 7, ...readLimits(schemas, ['minimum', 'maximum']), ...readChoices(schemas)]
}

function listOthers(...schemas: readonly Members[]): unknown[] {
  const lengths = [0, 1, 2, ...readLimits(schemas, ['minItems', 'maxItems'])]
  const arrays = lengths
    .filter((length) => length >= 0)
    .flatMap((length) => ['a@example.org', 'a'].map((text) => Array.from({ length }, () => text)))
  return [null, true, {}, ...arrays]
}

/** Each limit with what lies on either side of it. */
function readLimits(schemas: readonly Members[], keywords: readonly string[]): number[] {
  return schemas
    .flatMap((schema) => keywords.map((keyword) => schema[keyword]))
    .filter((limit) => typeof limit === 'number')
    .flatMap((limit) => [limit - 1, limit, limit + 1])
}

function readChoices(schemas: readonly Members[]): number[] {
  return schemas.flatMap((schema) => [schema.enum ?? []].flat()).filter((one) => typeof one === 'number')
}
