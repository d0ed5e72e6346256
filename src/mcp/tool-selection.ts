import type { IncomingHttpHeaders } from 'node:http'
import { findNearest } from '../config/nearest-name.ts'
import { once, onceFor } from '../document/once.ts'
import type { Operation } from '../document/operations.ts'
import { foldName } from '../document/path-template.ts'
import { isSelected, type Selectable, type Selection } from '../document/selection.ts'
import { quoteName } from '../document/single-line.ts'
import { mostViolations } from '../document/violations.ts'
import { GatewayError } from '../errors/gateway-error.ts'

/** True for an operation that a client wants among its tools. */
export type OperationFilter = (operation: Operation) => boolean

/** The header with a selection, for clients that cannot change the URL. */
export const selectionHeader = 'x-mcp-tools'
/** Characters of a name that is compared with others. */
const longestName = 64
const keys = ['tag', 'operation', 'exclude', 'read-only']

/** Reads the selection of a request; undefined where there is none. Throws `invalid_argument`. */
export type SelectionReader = (url: string, headers: IncomingHttpHeaders) => OperationFilter | undefined

/**
 * Prepares the reading of which tools a client wants, `?tag=Customers&read-only` in the URL of the endpoint or the same
 * text in the header `X-Mcp-Tools`; where both are there, a tool has to be in both. It only takes tools away. A name that
 * no operation has is refused: a mistyped `exclude` would leave in what the client wants out.
 */
export function createSelectionReader(operations: readonly Operation[]): SelectionReader {
  const factsOf = onceFor(listFacts)
  const prepare = once(() => {
    const all = operations.map(factsOf)
    return {
      names: new Set(all.flatMap((one) => one.names)),
      tags: new Set(all.flatMap((one) => one.tags.map((tag) => tag.toLowerCase()))),
    }
  })
  const check = (selection: Selection) => {
    const { names, tags } = prepare()
    const named = [
      ...selection.tags.map((tag) => ['tag', tag, tags] as const),
      ...selection.operations.map((name) => ['operation', name, names] as const),
      ...selection.exclude.map((name) => ['exclude', name, names] as const),
    ]
    const unmatched = named.filter(
      ([key, name, known]) => !known.has(key === 'tag' ? name.toLowerCase() : name),
    )
    const [first] = unmatched
    if (first) {
      const [, wrong, known] = first
      const told = unmatched.slice(0, mostViolations).map(([key, name]) => `${key}=${quoteName(name)}`)
      const detail = `${told.join(', ')} ${told.length > 1 ? 'select' : 'selects'} no tool.${suggestName(wrong, [...known], ' Did')}`
      throw new GatewayError('invalid_argument', { detail })
    }
    // One that is named very often is compared once.
    return { ...selection, tags: [...new Set(selection.tags.map((tag) => tag.toLowerCase()))] }
  }
  return (url, headers) => {
    const mark = url.indexOf('?')
    const texts = [mark < 0 ? undefined : url.slice(mark + 1), headers[selectionHeader]]
    const selections = texts.flatMap((text) =>
      typeof text === 'string' && text !== '' ? [check(parseSelection(text))] : [],
    )
    if (selections.length === 0) return undefined
    return (operation) => selections.every((selection) => isSelected(factsOf(operation), selection))
  }
}

function listFacts({ id, method, path, tags = [], tool }: Operation) {
  const isReadOnly = tool?.annotations.readOnlyHint === true
  return { tags, names: [id, tool?.name ?? id, `${method} ${path}`], isReadOnly } satisfies Selectable
}

/**
 * Asks whether the client meant a known name, where one is near or differs in case and separators; empty where none is.
 * Comparing takes time, so that one too long to be a name is not compared.
 */
export function suggestName(name: string, known: readonly string[], did = ' did'): string {
  if (name.length > longestName) return ''
  const nearest = known.find((one) => foldName(one) === foldName(name)) ?? findNearest(name, known)
  return nearest === undefined ? '' : `${did} you mean ${nearest}?`
}

/** Parses the text of a selection. Throws `invalid_argument` for what is none. */
export function parseSelection(text: string): Selection {
  const values = new URLSearchParams(text)
  const readOnly = values.get('read-only') ?? 'false'
  // A name that is not understood would otherwise leave tools in that the client wants out.
  const isKnown = [...values.keys()].every((key) => keys.includes(key)) && /^(true|false)?$/.test(readOnly)
  if (!isKnown) {
    const detail = `Tools are selected by ${keys.join(', ')}, such as ?tag=Customers&read-only.`
    throw new GatewayError('invalid_argument', { detail })
  }
  return {
    tags: values.getAll('tag'),
    operations: values.getAll('operation'),
    exclude: values.getAll('exclude'),
    readOnly: readOnly !== 'false',
  }
}
