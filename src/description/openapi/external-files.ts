import { readFile, realpath } from 'node:fs/promises'
import { dirname, relative, resolve, sep } from 'node:path'
import { pathToFileURL } from 'node:url'
import { asRecord, asText, readOwn } from '../../document/json.ts'
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
  const files = new Map<string, object>()
  const refused = new Set<string>()
  const findings: Finding[] = []
  const base = pathToFileURL(resolve(options.file)).href
  const self = toAddress(asText(readOwn(document, '$self')), base)
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
      if (name !== undefined && !files.has(name) && !refused.has(name)) {
        const loaded = await load(address, options)
        if (typeof loaded === 'string') {
          refused.add(name)
          const place = [...path, '$ref']
          findings.push({ path: place, message: loaded, expected: expectedPlace, severity: 'warning' })
        } else {
          files.set(name, loaded)
          await localize(loaded, address)
        }
      }
      if (name === undefined) replacePart(part, [...path, '$ref'], `#${fragment}`)
      else if (!refused.has(name)) replacePart(part, [...path, '$ref'], toLocal(name, fragment))
    }
  }
  if (listReferences(document).some(({ target }) => !target.startsWith('#'))) {
    await localize(document, base)
    if (files.size > 0) Object.assign(document, { 'x-files': Object.fromEntries(files) })
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
): Promise<object | string> {
  // A beginning that is an origin ends in a slash as a URL does: no other host begins like it.
  const beginnings = allowed.filter((one) => address.startsWith(toAddress(one, address) ?? one))
  for (const beginning of beginnings) followed?.add(beginning)
  const isAllowed = beginnings.length > 0
  const url = new URL(address)
  const isFile = url.protocol === 'file:'
  if (!isFile && !isAllowed) return `references to ${url.origin} are not followed`
  const folder = dirname(resolve(file))
  try {
    if (!isAllowed && !isInside(decodeURIComponent(url.pathname), folder))
      return 'references to files outside of the folder are not followed'
    // A folder that is a link itself is where its links lead to.
    if (!isAllowed && !isInside(await realpath(url), await realpath(folder)))
      return 'references to symbolic links that lead out of the folder are not followed'
    const text = isFile ? await readFile(url, 'utf8') : await fetchText(url)
    const { value, problems } = readSource(text, address)
    return problems.length === 0 ? asRecord(value) : 'a referenced file is not well-formed'
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
