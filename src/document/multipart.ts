import { isAscii, isUtf8 } from 'node:buffer'

/** A part of a multipart form. */
export interface Part {
  readonly name: string
  /** Present where the part is a file. */
  readonly filename: string | undefined
  /** As it came, `text/plain` where it did not, or is empty (RFC 7578 §4.4). */
  readonly contentType: string
  readonly bytes: Buffer
  /** Whether the bytes are one text in UTF-8, and no reader is told to make anything else of them. */
  readonly isText: boolean
}

/** A form that is none, or that two readers could read as two; the message completes "the body …". */
export class MalformedForm extends Error {
  override readonly name = 'MalformedForm'
}

/** Parts at most: a call has no use for more, and each is checked by itself. */
const mostParts = 2_000

/**
 * Reads a form (RFC 7578) that goes upstream as it came, so that it must have exactly one reading: nothing before its
 * first delimiter and after its last, each header of a part once, and each parameter of a header. Throws a
 * `MalformedForm`.
 */
export function readParts(bytes: Buffer, contentType: string): Part[] {
  const boundary = readParameters(contentType).get('boundary') ?? ''
  if (boundary === '') throw new MalformedForm('must have a boundary in its content type')
  const delimiter = Buffer.from(`--${boundary}`, 'latin1')
  const parts: Part[] = []
  let at = bytes.indexOf(delimiter)
  if (at < 0 || !isBlank(bytes.subarray(0, at))) throw new MalformedForm(whole)
  while (true) {
    const begin = at + delimiter.length + 2
    const mark = bytes.toString('latin1', begin - 2, begin)
    if (mark === '--' && isBlank(bytes.subarray(begin))) return parts
    at = bytes.indexOf(delimiter, begin - 2)
    if (mark !== '\r\n' || at < 0 || bytes.toString('latin1', at - 2, at) !== '\r\n')
      throw new MalformedForm(whole)
    if (parts.length === mostParts) throw new MalformedForm(`must have at most ${mostParts} parts`)
    parts.push(readPart(bytes.subarray(begin, at - 2)))
  }
}

const whole = 'must be a whole multipart form'

/** Returns whether there is nothing, or an empty line such as some clients write around their forms. */
function isBlank(bytes: Buffer): boolean {
  return bytes.length <= 4 && /^[\r\n]*$/.test(bytes.toString('latin1'))
}

function readPart(bytes: Buffer): Part {
  const end = bytes.indexOf('\r\n\r\n')
  const headers = readHeaders(bytes.toString('latin1', 0, Math.max(end, 0)))
  const disposition = headers.get('content-disposition') ?? ''
  const parameters = readParameters(disposition)
  const name = parameters.get('name')
  const filename = parameters.get('filename') ?? parameters.get('filename*')
  if (!/^form-data *(?:;|$)/i.test(disposition) || name === undefined || parameters.has('name*'))
    throw new MalformedForm('must have one name for each part')
  if (!isUtf8(Buffer.from(name, 'latin1'))) throw new MalformedForm('must have names in UTF-8')
  const contentType = headers.get('content-type') || 'text/plain'
  const coding = headers.get('content-transfer-encoding') ?? 'binary'
  const content = bytes.subarray(end + 4)
  return {
    name: decodeName(name),
    filename: filename === undefined ? undefined : decodeName(filename),
    contentType,
    bytes: content,
    get isText() {
      return /^(?:7bit|8bit|binary)$/i.test(coding) && isUtf8Text(content, contentType)
    },
  }
}

/** A text of ASCII is the same in the charsets that have it, and clients name one of these where they need none. */
function isUtf8Text(bytes: Buffer, contentType: string): boolean {
  if (/^multipart\//i.test(contentType)) return false
  const charset = readParameters(contentType).get('charset') ?? 'utf-8'
  if (/^utf-?8$/i.test(charset)) return isUtf8(bytes)
  return /^(?:us-ascii|iso-8859-\d+|windows-125\d)$/i.test(charset) && isAscii(bytes)
}

/** Reads the headers of a part by their names in lower case. */
function readHeaders(head: string): Map<string, string> {
  const headers = new Map<string, string>()
  for (const line of head.split('\r\n')) {
    const [, name, value = ''] = /^([\w!#$%&'*+.^`|~-]+):([^\r\n]*)$/.exec(line) ?? []
    if (name === undefined) throw new MalformedForm(whole)
    addOnce(headers, name, value.trim())
  }
  return headers
}

/**
 * Reads the parameters of a header by their names in lower case, quoted as browsers do: `"` ends a value, and nothing
 * escapes it (HTML, multipart/form-data encoding). Other readers take a backslash before it for an escape.
 */
function readParameters(header: string): Map<string, string> {
  const parameters = new Map<string, string>()
  const rest = header.replace(/^[^;]*/, '').replace(/;$/, '')
  const parameter = /;[ \t]*([\w!#$%&'*+.^`|~-]+)=(?:"([^"]*)"|([^\s;,"\\]*))[ \t]*/y
  while (parameter.lastIndex < rest.length) {
    const [, name, quoted, plain = ''] = parameter.exec(rest) ?? []
    if (name === undefined || quoted?.endsWith('\\')) throw new MalformedForm(whole)
    addOnce(parameters, name, quoted ?? plain)
  }
  return parameters
}

function addOnce(values: Map<string, string>, name: string, value: string): void {
  const key = name.toLowerCase()
  if (values.has(key))
    throw new MalformedForm('must have each header of a part, and each parameter of a header, once')
  values.set(key, value)
}

/** Decodes UTF-8, and what stands for the three characters that would end a name or its line. */
function decodeName(name: string): string {
  const text = Buffer.from(name, 'latin1').toString()
  return text.replaceAll('%0D', '\r').replaceAll('%0A', '\n').replaceAll('%22', '"')
}
