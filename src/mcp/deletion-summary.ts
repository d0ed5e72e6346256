import { readOwn } from '../document/json.ts'
import type { Operation } from '../document/operations.ts'
import type { Parameter } from '../document/parameters.ts'
import { escapeInvisible, flattenText, quoteText } from '../document/single-line.ts'
import { findArgument, type Tool } from '../document/tool.ts'
import { redactTokens } from '../upstream/redaction.ts'
import { mark, SecretSearch } from '../upstream/secret-search.ts'

/** A call that deletes, with the arguments of its tool. */
export interface DeletionCall {
  readonly operation: Operation
  readonly tool: Tool
  readonly values: Readonly<Record<string, unknown>>
  /** Lists the secrets that the arguments or the connection may hold. */
  readonly listSecrets: () => readonly string[]
}

/** Characters of a value that are told, of all arguments together, and of what the tool does. */
const longestValue = 200
const longestList = 4_000
const longestTitle = 200

/**
 * Summarizes a call in one line for the person who is asked to agree to it: what it does, and every argument but
 * credentials, those of the path first. A model chooses the values, so that they are quoted where they could be read as
 * words of the question.
 */
export function summarizeDeletion({ operation, tool, values, listSecrets }: DeletionCall): string {
  const write = createValueWriter(listSecrets())
  const describe = (one: Parameter) => {
    const argument = findArgument(tool, one)
    const value = argument === undefined ? undefined : readOwn(values, argument)
    if (value !== undefined && value !== null) return [`${argument} ${write(value)}`]
    return one.in === 'path' ? [`${argument ?? one.name} as set up`] : []
  }
  const own = operation.parameters.filter((one) => !one.isCredential)
  const parameters = [
    ...own.filter((one) => one.in === 'path'),
    ...own.filter((one) => one.in !== 'path'),
  ].flatMap(describe)
  const { body: argument } = operation.body ? tool.arguments : {}
  const body = argument === undefined ? undefined : readOwn(values, argument)
  const list = [...parameters, ...(body === undefined ? [] : [`${argument} ${write(body)}`])]
  const title = flattenText(tool.title, longestTitle).replace(/\.$/, '')
  return list.length === 0 ? title : `${title}: ${joinWithin(list).join(', ')}`
}

/** Takes as many parts of a list as may be told, and says how many are left out. */
function joinWithin(list: readonly string[]): string[] {
  let length = 0
  const shown = list.filter((one) => {
    length += one.length
    return length <= longestList
  })
  const more = list.length - shown.length
  return more === 0 ? shown : [...shown, `and ${more} more ${more === 1 ? 'argument' : 'arguments'}`]
}

/** Numbers, words and most identifiers are clear without quotes. */
const plainText = /^[\w-]{1,64}$/

function createValueWriter(secrets: readonly string[]): (value: unknown) => string {
  const search = new SecretSearch(secrets)
  const hide = (text: string) => redactTokens(search.takeOut(text))
  // A secret that is too short to be looked for in a text is still a value.
  const hideValue = (_: string, one: unknown) =>
    typeof one === 'string' && secrets.includes(one) ? mark : one
  return (value) => {
    if (typeof value !== 'string') {
      const [beginning, rest] = cut(hide(JSON.stringify(value, hideValue)))
      return escapeInvisible(beginning) + rest
    }
    const text = secrets.includes(value) ? mark : hide(value)
    if (text === mark || plainText.test(text)) return text
    const [beginning, rest] = cut(text)
    return quoteText(beginning) + rest
  }
}

function cut(text: string): [beginning: string, rest: string] {
  const more = text.length - longestValue
  return more <= 0
    ? [text, '']
    : [text.slice(0, longestValue), `… and ${more} more ${more === 1 ? 'character' : 'characters'}`]
}
