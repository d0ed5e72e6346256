import { logFields } from '../../src/observability/logger.ts'
import { listFiles, readText } from '../rules/tree.ts'

/** Shapes that no log may hold, whatever they stand for: addresses, tokens (JWT), credentials and keys of the gateway. */
const shapes = [/[^\s"]*(?:@|%40)[^\s"]*/, /ey[\w-]{6,}\.[\w-]+\./, /bearer [^\s"]+/i, /calgate_[\w-]{43}/]

/** Where the texts that must not be logged stand in the tests, and what gives them away. */
const folders = ['test', 'contracts', 'mocks', 'stress', 'scripts']
const assignment =
  /(?:secret\w*|token|\w*password|\w*_KEY|\w*api_?key|canary|authorization|credential)['"]?\s*[:=,]\s*(?:Bearer )?['"`]?(?:Bearer )?([^\s'"`$,;()[\]{}<>|]{8,})/gi
const telling = /['"`]([^\s'"`$]*(?:planted|canary|secret-|cal_live_|cal_test_)[^\s'"`$]*)['"`]/gi
const address = /[\w.+-]+@[\w-]+(?:\.[\w-]+)+/g

/** Words and names of the code, which those patterns find as well. */
const words = /^[A-Za-z]+$|^[A-Z_]+$|:$|^\.\.\.|\?\.|^[a-z]+(\.[a-zA-Z]+)+$|^(content-type|x-[a-z-]+)$/

/** Every secret, token and address that the suite uses: what a test brings along is on the list by itself. */
export function listCanaries(): string[] {
  const found = folders
    .flatMap((folder) => listFiles(folder))
    .filter(
      (path) => path.endsWith('.ts') && !path.includes('node_modules') && path !== 'test/support/leaks.ts',
    )
    .map(readText)
    .flatMap((text) =>
      [assignment, telling, address].flatMap((pattern) =>
        [...text.matchAll(pattern)].map(([all, value = all]) => value),
      ),
    )
  return [...new Set(found)].filter((one) => one.length >= 8 && !words.test(one))
}

/** The ways in which a text may come to stand in a log. */
export function listSpellings(text: string): string[] {
  const bytes = Buffer.from(text)
  // Base64 of a text within another one depends on where it begins; its ends depend on what is around it.
  const aligned = [0, 1, 2].map((offset) => {
    const encoded = Buffer.concat([Buffer.alloc(offset), bytes]).toString('base64')
    return encoded.slice(Math.ceil((offset * 4) / 3), Math.floor(((offset + bytes.length) * 8) / 6))
  })
  const percent = [...bytes].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')
  const escaped = [...text].map((one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`).join('')
  return [
    text,
    ...aligned,
    ...aligned.map((one) => one.replaceAll('+', '-').replaceAll('/', '_')),
    bytes.toString('hex'),
    encodeURIComponent(text),
    percent,
    percent.toUpperCase(),
    escaped,
    JSON.stringify(text).slice(1, -1),
  ].filter((one) => one.length >= 8)
}

/** Prepares the search for texts in all their spellings, and for shapes that nobody has planted. */
export function createSearch(canaries: readonly string[]): (text: string) => string[] {
  const spellings = canaries.flatMap((canary) =>
    listSpellings(canary).map((spelling) => [spelling, canary] as const),
  )
  return (text) => [
    ...new Set(spellings.filter(([spelling]) => text.includes(spelling)).map(([, canary]) => canary)),
    ...shapes.flatMap((shape) => shape.exec(text)?.[0] ?? []),
  ]
}

const varying = {
  time: /^\d{4}-\d\d-\d\dT[\d:.]+Z$/,
  requestId: /^[0-9a-f-]{36}$/,
  traceId: /^[0-9a-f]{32}$/,
}

/** Lists the lines of logs that are no lines of a log, or hold what they must not. */
export function findLeaks(lines: Iterable<string>, search: (text: string) => string[]): string[] {
  const seen = new Set<string>()
  for (const line of lines) seen.add(simplify(line))
  return [...seen].flatMap((line) => {
    const unknown = readFields(line).filter((name) => !Object.hasOwn(logFields, name))
    const found = [...search(line), ...unknown.map((name) => `the field ${name}`)]
    return found.length === 0 ? [] : [`${found.join(', ')} in ${line}`]
  })
}

/** A line without what makes it differ from others of its kind, so that each kind is searched once. */
function simplify(line: string): string {
  const fields = parse(line)
  if (!fields) return line
  for (const [name, form] of Object.entries(varying)) if (form.test(String(fields[name]))) delete fields[name]
  if (Number.isSafeInteger(fields.ms)) delete fields.ms
  return JSON.stringify(fields)
}

function readFields(line: string): string[] {
  return Object.keys(parse(line) ?? { 'that is no JSON': line })
}

function parse(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? { ...value } : undefined
  } catch {
    return undefined
  }
}
