import { readFile, realpath } from 'node:fs/promises'
import { dirname, relative, resolve, sep } from 'node:path'
import { pathToFileURL } from 'node:url'
import { asRecord, asText, isObject, readOwn } from '../../document/json.ts'
import { escapeName } from '../../document/json-pointer.ts'
import type { Finding } from '../problem.ts'
import { readSource } from '../source.ts'
import { listReferences, replacePart } from './references.ts'

/** Where references of a document may lead outside of it. */
export interface ReferenceOptions {
  /** The file that the document was read from. */
  readonly file: string
  /** Beginnings of URLs that references may lead to, besides the folder of the file. */
  readonly allowed: readonly string[]
  /** Gets those of them that a reference begins with. */
  readonly followed?: Set<string>
}

/**
 * Loads the files that a document refers to into its `x-files` and makes the references lead there, so that all of them
 * are local. Files are read from the document's own folder and those below it; everything else has to be allowed.
 * Changes the document. A file that is not read leaves its references as they are: they lead nowhere.
 */
export async function loadExternalFiles(document: object, options: ReferenceOptions): Promise<Finding[]> {
  const files: Record<string, unknown> = {}
  const findings: Finding[] = []
  const base = pathToFileURL(resolve(options.file)).href
  const self = toAddress(asText(readOwn(document, '$self')), base)
  const refused = new Map<string, string>()
  const localize = async (part: unknown, url: string): Promise<void> => {
    for (const { target, path } of listReferences(part)) {
      const [location = '', fragment = ''] = target.split('#')
      if (fragment !== '' && !fragment.startsWith('/')) continue
      const here = toName(url, base)
      if (location === '') {
        if (here !== undefined) replacePart(part, [...path, '$ref'], toLocal(here, fragment))
        continue
      }
      const address = toAddress(location, url)
      if (address === undefined) continue
      const name = address === self ? undefined : toName(address, base)
      if (name !== undefined && files[name] === undefined && !refused.has(name)) {
        const loaded = await load(address, options)
        if (typeof loaded === 'string') {
          refused.set(name, loaded)
          findings.push({
            path: [...path, '$ref'],
            message: loaded,
            expected: expectedPlace,
            severity: 'warning',
          })
        } else {
          files[name] = loaded.value
          await localize(files[name], address)
        }
      }
      if (name === undefined) replacePart(part, [...path, '$ref'], `#${fragment}`)
      else if (!refused.has(name)) replacePart(part, [...path, '$ref'], toLocal(name, fragment))
    }
  }
  if (listReferences(document).some(({ target }) => !target.startsWith('#'))) {
    await localize(document, base)
    if (Object.keys(files).length > 0) Object.assign(document, { 'x-files': files })
  }
  return findings
}

const expectedPlace = 'a file in the same folder, or --allow-ref with the beginning of its URL'

function toAddress(location: string, base: string): string | undefined {
  return URL.canParse(location, base) ? new URL(location, base).href : undefined
}

/** Returns the name of a loaded file; nothing for the document itself. */
function toName(address: string, base: string): string | undefined {
  if (address === base) return undefined
  const folder = base.slice(0, base.lastIndexOf('/') + 1)
  return address.startsWith(folder) ? address.slice(folder.length) : address
}

function toLocal(name: string, fragment: string): string {
  const key = encodeURIComponent(escapeName(name))
  return `#/x-files/${key}${fragment}`
}

async function load(
  address: string,
  { file, allowed, followed }: ReferenceOptions,
): Promise<{ value: unknown } | string> {
  // A beginning that is an origin ends in a slash as a URL does: no other host begins like it.
  const beginnings = allowed.filter((one) => address.startsWith(toAddress(one, address) ?? one))
  for (const beginning of beginnings) followed?.add(beginning)
  const isAllowed = beginnings.length > 0
  const url = new URL(address)
  if (url.protocol !== 'file:' && !isAllowed) return `references to ${url.origin} are not followed`
  const folder = dirname(resolve(file))
  const isFile = url.protocol === 'file:'
  try {
    if (isFile && !isAllowed && !isInside(decodeURIComponent(url.pathname), folder))
      return 'references to files outside of the folder are not followed'
    // A folder that is a link itself is where its links lead to.
    if (isFile && !isAllowed && !isInside(await realpath(url), await realpath(folder)))
      return 'references to symbolic links that lead out of the folder are not followed'
    const text = isFile ? await readFile(url, 'utf8') : await fetchText(url)
    const { value, problems } = readSource(text, address)
    return isObject(value) || problems.length === 0
      ? { value: asRecord(value) }
      : 'a referenced file is not well-formed'
  } catch {
    return 'a referenced file cannot be read'
  }
}

function isInside(file: string, folder: string): boolean {
  const path = relative(folder, file)
  return path !== '..' && !path.startsWith(`..${sep}`)
}

/** Most milliseconds for a file that is referenced by URL. */
const longestFetch = 10_000

async function fetchText(url: URL): Promise<string> {
  const response = await fetch(url, { signal: AbortSignal.timeout(longestFetch), redirect: 'error' })
  if (!response.ok) throw new TypeError(`status ${response.status}`)
  return response.text()
}
