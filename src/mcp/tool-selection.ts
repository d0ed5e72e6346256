import type { IncomingHttpHeaders } from 'node:http'
import type { Operation } from '../document/operations.ts'
import { isSelected, type Selection } from '../document/selection.ts'
import { GatewayError } from '../errors/gateway-error.ts'

/** True for an operation that a client wants among its tools. */
export type OperationFilter = (operation: Operation) => boolean

/** The header with a selection, for clients that cannot change the URL. */
export const selectionHeader = 'x-mcp-tools'
const keys = ['tag', 'operation', 'exclude', 'read-only']

/**
 * Reads which tools a client wants, `?tag=Customers&read-only` in the URL of the endpoint or the same text in the header
 * `X-Mcp-Tools`; where both are there, a tool has to be in both. It only takes tools away. Undefined where there is none.
 * Throws `invalid_argument`.
 */
export function readSelection(url: string, headers: IncomingHttpHeaders): OperationFilter | undefined {
  const mark = url.indexOf('?')
  const texts = [mark < 0 ? undefined : url.slice(mark + 1), headers[selectionHeader]]
  const selections = texts.flatMap((text) => (typeof text === 'string' && text !== '' ? [parse(text)] : []))
  if (selections.length === 0) return undefined
  return ({ id, method, path, tags = [], tool }) => {
    const isReadOnly = tool?.annotations.readOnlyHint === true
    const facts = { tags, names: [id, tool?.name, `${method} ${path}`], isReadOnly }
    return selections.every((selection) => isSelected(facts, selection))
  }
}

function parse(text: string): Selection {
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
