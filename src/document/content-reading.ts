import { type GatewayError, refuseArguments } from '../errors/gateway-error.ts'
import { holds, parseExactly } from './exact-numbers.ts'
import { isJsonType, parseJson } from './json.ts'
import { isUnwritable } from './large-integers.ts'
import { findPosition, type Parameter } from './parameters.ts'
import { joinLocation } from './violations.ts'

/** Reads the raw text of a parameter; text in no form of its style stays text, for the schema to refuse. */
export type TextReader = (raw: string) => unknown

/** Prepares the reading of a `content` parameter. The reader throws `invalid_argument` on JSON that is not one reading. */
export function readContent(parameter: Parameter, decode: (raw: string) => string): TextReader {
  if (!isJsonType(parameter.mediaType)) return decode
  return (raw) => {
    const value = parseJsonText(decode(raw))
    if (value === undefined)
      throw refuseParameter(
        parameter,
        'must be one JSON text, without repeated keys, a key "__proto__" and numbers that lose digits',
      )
    return value
  }
}

/** Creates the refusal of a parameter that cannot be read as one value. */
export function refuseParameter(
  parameter: Pick<Parameter, 'in' | 'name'>,
  message: string,
  rule = 'content',
): GatewayError {
  const location = joinLocation(findPosition(parameter), parameter.name)
  return refuseArguments([{ location, rule, message }])
}

/** Reads a text as JSON (values within values); text that is none, or has two readings, stays, to be refused. */
export function readJsonText(text: string): unknown {
  const value = parseJsonText(text)
  return value === undefined ? text : value
}

/**
 * Parses JSON. The value is written anew, so every number of the text must be a whole one, or one that JavaScript keeps.
 * Undefined for any other text.
 */
function parseJsonText(text: string): unknown {
  try {
    return parseJson(Buffer.from(text), undefined, (whole) => {
      const value = parseExactly(whole)
      if (holds(value, isUnwritable)) throw new RangeError('a number loses digits')
      return value
    })
  } catch {
    return undefined
  }
}
