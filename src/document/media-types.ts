import { asRecord } from './json.ts'

/** Reads the JSON media type of a Request Body or Response Object; undefined if it cannot be JSON. */
export function readMediaType(part: unknown): Readonly<Record<string, unknown>> | undefined {
  const mediaType = asRecord(asRecord(part).content)['application/json']
  return mediaType === undefined ? undefined : asRecord(mediaType)
}

/** True for `application/json` and every `+json` type. */
export function isJsonType(mediaType = ''): boolean {
  return /^application\/(?:[\w.!#$&^-]+\+)?json\s*(?:;|$)/i.test(mediaType)
}
