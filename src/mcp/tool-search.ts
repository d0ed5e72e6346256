import { asRecord } from '../document/json.ts'
import { describeObject } from '../document/json-schema.ts'
import { onceFor } from '../document/once.ts'
import type { Operation } from '../document/operations.ts'
import { createCompiler } from '../document/schema-compiler.ts'
import { flattenText } from '../document/single-line.ts'
import { toViolations } from '../document/violations.ts'
import { GatewayError, type Violation } from '../errors/gateway-error.ts'
import { redactNames } from '../upstream/secret-search.ts'
import { toRefusal } from './failures.ts'
import type { ToolResult } from './results.ts'
import type { CallContext } from './tool-call.ts'
import type { ToolDescription } from './tool-description.ts'
import { suggestName } from './tool-selection.ts'
import type { Tools } from './tools.ts'

/** Tools that a search finds at most. */
const mostFound = 10

/** Tags or names that a search names at most where it finds nothing. */
const mostSubjects = 20

const text = (description: string) => ({ type: 'string', minLength: 1, maxLength: 500, description })
const nameOfTool = text('Name of a tool, as search-tools gives it')
const anyObject = { type: 'object' }

const search = {
  name: 'search-tools',
  title: 'Search tools',
  description: `Finds at most ${mostFound} tools of this server by words of their names, tags and descriptions. Begin here: every other tool is reached by its name.`,
  inputSchema: describeObject({ query: text('Words of what is to be done, such as "create customer"') }, [
    'query',
  ]),
  outputSchema: anyObject,
  annotations: { title: 'Search tools', readOnlyHint: true, openWorldHint: false },
} satisfies ToolDescription

const describeTool = {
  name: 'describe-tool',
  title: 'Describe a tool',
  description: 'Describes a tool that search-tools found: its arguments, its result and its hints.',
  inputSchema: describeObject({ name: nameOfTool }, ['name']),
  outputSchema: anyObject,
  annotations: { title: 'Describe a tool', readOnlyHint: true, openWorldHint: false },
} satisfies ToolDescription

const callTool = {
  name: 'call-tool',
  title: 'Call a tool',
  description: 'Calls a tool that search-tools found, with the arguments that describe-tool describes.',
  inputSchema: describeObject({ name: nameOfTool, arguments: anyObject }, ['name']),
  outputSchema: anyObject,
  annotations: { title: 'Call a tool' },
} satisfies ToolDescription

const descriptions: readonly ToolDescription[] = [search, describeTool, callTool]

/**
 * Offers three tools in the place of many: one that finds, one that describes and one that calls the others. The
 * operations are those of the tools; their tags are searched too.
 */
export function offerSearch(
  tools: Tools,
  operations: readonly Pick<Operation, 'id' | 'tool' | 'tags'>[],
): Tools {
  const compile = createCompiler()
  const find = createFinder(operations)
  return {
    list: () => descriptions,
    call(called, values, context, elicitation) {
      const description = descriptions.find(({ name }) => name === called)
      if (!description) return undefined
      const check = compile(description.inputSchema)
      if (check && !check(values)) return Promise.resolve(refuse(toViolations(check.errors ?? []), context))
      const all = tools.list(context)
      if (description === search) return Promise.resolve(toJson(find(all, String(values.query))))
      const found = all.find((one) => one.name === values.name)
      if (!found) return Promise.resolve(refuse([refuseTool(String(values.name), all)], context))
      if (description === describeTool) return Promise.resolve(toJson({ ...found }))
      return tools.call(found.name, asRecord(values.arguments), context, elicitation)
    },
  }
}

function refuseTool(name: string, tools: readonly ToolDescription[]): Violation {
  const advice = suggestName(
    name,
    tools.map((one) => one.name),
  )
  const message = `is no tool here;${advice} search-tools finds those there are`
  return { location: 'name', rule: 'enum', message }
}

function refuse(violations: GatewayError['violations'], { listSecrets }: CallContext): ToolResult {
  const nextStep = 'Correct these arguments and call again.'
  const error = new GatewayError('invalid_argument', { violations })
  return toRefusal(redactNames(error, listSecrets()), nextStep)
}

function toJson(value: Readonly<Record<string, unknown>>): ToolResult {
  return { content: [{ type: 'text', text: JSON.stringify(value) }], structuredContent: value }
}

/** Splits a text into words as `foldWord` folds them: `getAPIKeys` is `get`, `api` and `key`, and `apikey` too. */
function splitWords(text: string): Set<string> {
  const separated = text.replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
  // The s of `IDs` is no word.
  const further = separated.replaceAll(/([A-Z])([A-Z](?!s(?![a-z]))[a-z])/g, '$1 $2')
  const words = `${separated} ${further}`.toLowerCase().split(/[^\p{L}\p{N}]+/u)
  return new Set(words.map(foldWord).filter(Boolean))
}

/** Makes the singular and the plural of a word the same: company and companies, case and cases, address and addresses. */
function foldWord(word: string): string {
  // No rule tells menus from status, nor statuses from clauses: each is menu, statu or clau.
  const stem = word.replace(/(?<=[sx])is$/, 'es').replace(/(?<=...[au]|[^aeiou]{2}u)s(?:es?)?$/, '')
  const singular = stem.replace(/(?<=..)(?<![su])s$/, '')
  return singular.replace(/(?<=[sxzoi]|[cs]h)e$/, '').replace(/(?<=[^aeiou])y$/, 'i')
}

function createFinder(operations: readonly Pick<Operation, 'id' | 'tool' | 'tags'>[]) {
  const tagsOf = new Map(operations.map(({ id, tool, tags = [] }) => [tool?.name ?? id, tags]))
  const listTags = ({ name }: ToolDescription) => tagsOf.get(name) ?? []
  // What says the most is first.
  const readWords = onceFor((tool: ToolDescription) =>
    [tool.name, tool.title, listTags(tool).join(' '), tool.description].map(splitWords),
  )
  return (tools: readonly ToolDescription[], query: string) => {
    const wanted = [...splitWords(query)]
    const found = tools
      .map((tool) => ({ tool, score: rate(readWords(tool), wanted) }))
      .filter(({ score }) => score > 0)
      .sort((a, b) => b.score - a.score)
    const shown = found.slice(0, mostFound).map(({ tool: { name, title, description, annotations } }) => ({
      ...{ name, title, description: description.slice(0, 300).toWellFormed(), annotations },
    }))
    const counted = { found: found.length, tools: shown, all: tools.length }
    if (found.length > 0) return counted
    const tags = new Set(tools.flatMap(listTags))
    return { ...counted, nextStep: adviseWords(tags.size > 0 ? [...tags] : tools.map(({ name }) => name)) }
  }
}

function adviseWords(subjects: readonly string[]): string {
  if (subjects.length === 0) return 'Tell the person that no tool is offered here; no other words find one.'
  const shown = flattenText(subjects.slice(0, mostSubjects).join(', '), 1_000)
  const rest = subjects.length > mostSubjects ? ' and more' : ''
  return `No tool has one of these words. Search for others: what the tools are about is ${shown}${rest}.`
}

/** A tool that has all words is before one that has a word often, and a whole word before the beginning of one. */
function rate(words: readonly ReadonlySet<string>[], wanted: readonly string[]): number {
  // What descriptions have is too much to compare, and too much begins alike.
  const short = words.slice(0, -1)
  return wanted
    .map((word) => {
      const whole = words.findIndex((one) => one.has(word))
      if (whole >= 0) return 48 - whole
      const begun = word.length < 3 ? -1 : short.findIndex((one) => hasBeginning(one, word))
      return begun >= 0 ? 44 - begun : 0
    })
    .reduce((sum, one) => sum + one, 0)
}

function hasBeginning(words: ReadonlySet<string>, beginning: string): boolean {
  for (const word of words) if (word.startsWith(beginning)) return true
  return false
}
