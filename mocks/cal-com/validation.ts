import { Ajv, type ErrorObject } from 'ajv'
import { annotations, formats } from '../../src/document/formats.ts'
import type { Operation } from '../../src/document/operations.ts'
import { CalComError, type Finding } from './errors.ts'
import {
  coerceTimeFormat,
  isLaxUrl,
  laxOnCreate,
  laxOnUpdate,
  nullFails,
  nullIsAbsentOnCreate,
  stripUnknown,
} from './quirks.ts'

type Body = Record<string, unknown>

/** Makes of a body what Cal.com's pipes make of it: known keys, coerced. Throws a `CalComError`. */
export type BodyPipe = (body: unknown) => Body

/** Builds the pipe of an operation from the document's schema, loosened where Cal.com is looser. */
export function createBodyPipe({ body, method }: Operation): BodyPipe {
  const { properties, ...schema } = { ...body?.schema }
  const known = Object.keys({ ...Object(properties) })
  const isCreate = method === 'POST' && known.includes('email')
  const lax = isCreate ? laxOnCreate : known.includes('email') ? laxOnUpdate : {}
  const check = ajv.compile({ ...schema, properties: { ...Object(properties), ...lax } })
  return (given) => {
    const raw: Body = typeof given === 'object' && given !== null && !Array.isArray(given) ? { ...given } : {}
    const stripped = stripUnknown(raw, known)
    if ('timeFormat' in stripped) stripped.timeFormat = coerceTimeFormat(stripped.timeFormat)
    if (isCreate) for (const name of nullIsAbsentOnCreate) if (stripped[name] === null) delete stripped[name]
    const nulls = isCreate ? [] : nullFails.filter((name) => stripped[name] === null)
    const checked = { ...stripped }
    for (const name of nulls) delete checked[name]
    if (!check(checked))
      throw new CalComError('validation', {}, toFindings(check.errors ?? [], raw, isCreate))
    if (nulls.length > 0) throw new CalComError('unexpected')
    return checked
  }
}

/** The schemas are the document's, which is checked where it is derived. */
const ajv = new Ajv({ allErrors: true, strict: false, validateSchema: false })
for (const [name, { check }] of Object.entries(formats)) ajv.addFormat(name, check)
for (const name of annotations) ajv.addFormat(name, true)
ajv.addFormat('lax-url', isLaxUrl)

const metadataMessage =
  'Metadata must have at most 50 keys, each key up to 40 characters, and values up to 500 characters.'

function toFindings(errors: readonly ErrorObject[], target: Body, isCreate: boolean): Finding[] {
  const findings = new Map<string, Finding>()
  for (const { instancePath, keyword, params } of errors) {
    const property =
      keyword === 'required' ? String(params.missingProperty) : (instancePath.split('/')[1] ?? '')
    const value = target[property]
    const finding = {
      target,
      ...(value === undefined ? {} : { value }),
      property,
      children: [],
      constraints: describeConstraint(property, isCreate),
    } as const
    if (!findings.has(property)) findings.set(property, finding)
  }
  return [...findings.values()]
}

/** Returns class-validator's words for what is wrong with a field. */
function describeConstraint(property: string, isCreate: boolean): Finding['constraints'] {
  switch (property) {
    case 'timeFormat':
      return {
        isEnum: isCreate
          ? 'timeFormat must be a number either 12 or 24'
          : 'timeFormat must be one of the following values: 12, 24',
      }
    case 'timeZone':
      return { isTimeZone: 'timeZone must be a valid IANA time-zone' }
    case 'metadata':
      return { validateMetadata: metadataMessage }
    case 'avatarUrl':
      return { isUrl: 'avatarUrl must be a URL address' }
    case 'defaultScheduleId':
      return { isNumber: 'defaultScheduleId must be a number conforming to the specified constraints' }
    case 'locale':
    case 'weekStart':
      return { isEnum: `${property} must be one of the listed values` }
    default:
      return { isString: `${property} must be a string` }
  }
}
