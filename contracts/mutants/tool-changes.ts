import { asRecord } from '../../src/document/json.ts'
import { parseJson } from '../values.ts'
import type { WireRequest, WireResponse } from './mutating-proxy.ts'
import { mapBody, without } from './wire-changes.ts'

type Members = Readonly<Record<string, unknown>>
type Change = (members: Members) => unknown

/** One thing done wrong by the MCP server: it sees the JSON-RPC request that the response belongs to. */
export type ToolChange = (response: WireResponse, request: WireRequest) => WireResponse

const hints = ['readOnlyHint', 'destructiveHint', 'idempotentHint', 'openWorldHint']

/** Lists what can go wrong with one tool, in the list of tools and in the results of its calls. */
export function listToolChanges(tool: string): [string, ToolChange][] {
  const described = Object.entries(listDescriptionChanges()).map(([what, change]): [string, ToolChange] => [
    `tool ${what}`,
    onList((tools) => tools.map((one) => (one.name === tool ? asRecord(change(one)) : one))),
  ])
  const called = Object.entries(listResultChanges()).map(([what, change]): [string, ToolChange] => [
    `result ${what}`,
    onCall(tool, change),
  ])
  return [
    ['tool missing', onList((tools) => tools.filter(({ name }) => name !== tool))],
    [
      'tool doubled under another name',
      onList((tools) =>
        tools.flatMap((one) => (one.name === tool ? [one, { ...one, name: `${tool}-2` }] : [one])),
      ),
    ],
    ...described,
    ...called,
  ]
}

function listDescriptionChanges(): Record<string, Change> {
  const flips = hints.map((hint): [string, Change] => [
    `${hint} flipped`,
    (tool) => ({
      ...tool,
      annotations: { ...asRecord(tool.annotations), [hint]: !asRecord(tool.annotations)[hint] },
    }),
  ])
  const losses = hints.map((hint): [string, Change] => [
    `${hint} lost`,
    (tool) => ({ ...tool, annotations: without(asRecord(tool.annotations), hint) }),
  ])
  return {
    ...Object.fromEntries([...flips, ...losses]),
    renamed: (tool) => ({ ...tool, name: `${tool.name}-old` }),
    'description lost': (tool) => without(tool, 'description'),
    'description of one word': (tool) => ({ ...tool, description: 'Tool.' }),
    'title lost': (tool) => without(without(tool, 'title'), 'annotations'),
    'arguments open': (tool) => onInput(tool, (schema) => without(schema, 'additionalProperties')),
    'argument lost': (tool) =>
      onInput(tool, ({ properties, ...rest }) => ({
        ...rest,
        properties: without(asRecord(properties), 'clientId'),
      })),
    'argument added': (tool) =>
      onInput(tool, ({ properties, ...rest }) => ({
        ...rest,
        properties: { ...asRecord(properties), page: {} },
      })),
    'nothing required': (tool) => onInput(tool, (schema) => ({ ...schema, required: [] })),
    'secret required': (tool) =>
      onInput(tool, ({ required, ...rest }) => ({
        ...rest,
        required: [...[required].flat(), 'x-cal-secret-key'],
      })),
    'output schema lost': (tool) => without(tool, 'outputSchema'),
    'output schema strict': (tool) => ({
      ...tool,
      outputSchema: { ...asRecord(tool.outputSchema), required: ['data'] },
    }),
    'output schema without members': (tool) => ({ ...tool, outputSchema: { type: 'object' } }),
  }
}

function listResultChanges(): Record<string, Change> {
  const whenError =
    (applies: boolean, change: Change): Change =>
    (result) =>
      (result.isError === true) === applies ? change(result) : result
  const onError = (change: Change): Change =>
    whenError(true, ({ structuredContent, ...rest }) => ({
      ...rest,
      structuredContent: { error: change(asRecord(asRecord(structuredContent).error)) },
    }))
  return {
    'error passed for success': whenError(true, (result) => without(result, 'isError')),
    'success passed for error': whenError(false, (result) => ({ ...result, isError: true })),
    'without structured content': (result) => without(result, 'structuredContent'),
    'without text': (result) => ({ ...result, content: [] }),
    'data lost': whenError(false, (result) => ({
      ...result,
      structuredContent: without(asRecord(result.structuredContent), 'data'),
    })),
    'code lost': onError((error) => without(error, 'code')),
    'status lost': onError((error) => without(error, 'status')),
    'status altered': onError((error) => ({ ...error, status: 599 })),
    'outcome lost': onError((error) => without(error, 'outcome')),
    'places lost': onError((error) => without(error, 'errors')),
    'next step lost': onError((error) => without(error, 'nextStep')),
    'response lost': onError((error) => without(error, 'response')),
  }
}

function onInput(tool: Members, change: Change): Members {
  return { ...tool, inputSchema: change(asRecord(tool.inputSchema)) }
}

/** Changes the tools of a `tools/list` response. */
export function onList(change: (tools: readonly Members[]) => unknown): ToolChange {
  return (response, request) =>
    readCall(request).method === 'tools/list'
      ? onResult(response, (result) => ({
          ...result,
          tools: change([result.tools ?? []].flat().map((one) => asRecord(one))),
        }))
      : response
}

/** Changes the results of one tool, or of every tool. */
export function onCall(tool: string | undefined, change: Change): ToolChange {
  return (response, request) => {
    const { method, params } = readCall(request)
    const { name } = asRecord(params)
    const isWanted = tool === undefined ? method === 'tools/call' : name === tool
    return isWanted ? onResult(response, change) : response
  }
}

function onResult(response: WireResponse, change: Change): WireResponse {
  return mapBody(response, ({ result, ...rest }) =>
    result === undefined ? rest : { ...rest, result: change(asRecord(result)) },
  )
}

function readCall({ text }: WireRequest): Members {
  return asRecord(parseJson(text))
}
