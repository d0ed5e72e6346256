import { describeObject } from '../document/json-schema.ts'
import { createCompiler } from '../document/schema-compiler.ts'
import { toViolations } from '../document/violations.ts'
import { GatewayError, type Violation } from '../errors/gateway-error.ts'
import { redactNames } from '../upstream/secret-search.ts'
import type { ToolArguments } from './arguments.ts'
import { toRefusal } from './failures.ts'
import type { ToolResult } from './results.ts'
import type { CallContext } from './tool-call.ts'
import type { ToolDescription } from './tool-description.ts'
import { findMeantName } from './tool-selection.ts'
import type { Tools } from './tools.ts'

/** Tools that a search finds at most. */
const mostFound = 10

const text = (description: string) => ({ type: 'string', minLength: 1, maxLength: 500, description })
const nameOfTool = text('Name of a tool, as search-tools gives it')
const anyObject = { type: 'object' }

const search = {
  name: 'search-tools',
  title: 'Search tools',
  description: `Finds at most ${mostFound} tools of this server by words of their names and descriptions. Begin here: every other tool is reached by its name.`,
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

/** Offers three tools in the place of many: one that finds, one that describes and one that calls the others. */
export function offerSearch(tools: Tools): Tools {
  const compile = createCompiler()
  return {
    list: () => descriptions,
    call(called, values, context, elicitation) {
      const description = descriptions.find(({ name }) => name === called)
      if (!description) return undefined
      const check = compile(description.inputSchema)
      if (check && !check(values)) return Promise.resolve(refuse(toViolations(check.errors ?? []), context))
      if (description === search) return Promise.resolve(toJson(findTools(tools.list(context), values)))
      const all = tools.list(context)
      const found = all.find((one) => one.name === values.name)
      if (!found) return Promise.resolve(refuse([refuseTool(String(values.name), all)], context))
      if (description === describeTool) return Promise.resolve(toJson({ ...found }))
      const given = values.arguments ?? {}
      return tools.call(found.name, Object.fromEntries(Object.entries(given)), context, elicitation)
    },
  }
}

function refuseTool(name: string, tools: readonly ToolDescription[]): Violation {
  const meant = findMeantName(
    name,
    tools.map((one) => one.name),
  )
  const advice = meant === undefined ? '' : ` did you mean ${meant}?`
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

/** The words of a tool by how much they say of it. */
interface Words {
  readonly name: ReadonlySet<string>
  readonly title: ReadonlySet<string>
  readonly description: ReadonlySet<string>
}

const known = new WeakMap<ToolDescription, Words>()

function readWords(tool: ToolDescription): Words {
  const { name, title, description } = tool
  const words = known.get(tool) ?? {
    name: splitWords(name),
    title: splitWords(title),
    description: splitWords(description),
  }
  known.set(tool, words)
  return words
}

/** Splits a text into words in lower case and without the `s` of a plural: `listCustomers` is `list`, `customer`. */
function splitWords(one: string): Set<string> {
  const words = one
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
  return new Set(words.map((word) => word.replace(/(?<=..)s$/, '')).filter(Boolean))
}

function findTools(tools: readonly ToolDescription[], { query }: ToolArguments) {
  const wanted = [...splitWords(String(query))]
  const found = tools
    .map((tool) => ({ tool, score: rate(readWords(tool), wanted) }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score)
  const shown = found.slice(0, mostFound).map(({ tool: { name, title, description, annotations } }) => ({
    ...{ name, title, description: description.slice(0, 300), annotations },
  }))
  return { found: found.length, tools: shown, all: tools.length }
}

/** A tool that has all words is before one that has a word often. */
function rate({ name, title, description }: Words, wanted: readonly string[]): number {
  return wanted
    .map((word): number => (name.has(word) ? 14 : title.has(word) ? 13 : description.has(word) ? 12 : 0))
    .reduce((sum, one) => sum + one, 0)
}
