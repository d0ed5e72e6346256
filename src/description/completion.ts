import { asRecord, isObject } from '../document/json.ts'
import { splitPathKey } from '../document/path-template.ts'
import type { DescribedOperation } from './description.ts'
import { bindParameters } from './tools.ts'

type Part = Readonly<Record<string, unknown>>

/**
 * Completes an operation of a capability by that of a document with the same method and path. The operation keeps its
 * names, what it exposes and whom it is called by; the document gives parameters their schemas and styles, the body its
 * media types, and the responses. Parameters that the capability does not know are added, on both servers.
 */
export function completeOperation(one: DescribedOperation, by: DescribedOperation): DescribedOperation {
  const { operation } = one
  const foreign = [by.operation.parameters ?? []].flat().map(asRecord)
  const own = [operation.parameters ?? []].flat().map(asRecord)
  const ownNames = listNames(one, own)
  const pathNames = new Map(listNames(by, foreign).map((name, index) => [name, ownNames[index]]))
  const match = (parameter: Part) =>
    own.find(({ in: place, name }) =>
      parameter.in === 'path'
        ? place === 'path' && name === pathNames.get(String(parameter.name))
        : place === parameter.in && String(name).toLowerCase() === String(parameter.name).toLowerCase(),
    )
  const typed = own.map((parameter) => {
    const source = foreign.find((candidate) => match(candidate) === parameter)
    return source ? { ...parameter, ...source, name: parameter.name } : parameter
  })
  const added = foreign.filter((parameter) => parameter.in !== 'path' && !match(parameter))
  const { requestBody = operation.requestBody, responses = {}, summary, description } = by.operation
  const tool = addArguments(operation, added, requestBody)
  return {
    ...one,
    operation: {
      ...operation,
      ...(operation.description === undefined && description !== undefined && { description }),
      ...(operation.summary === undefined && summary !== undefined && { summary }),
      ...(tool && { 'x-mcp-tool': tool }),
      parameters: [...typed, ...added],
      ...(requestBody !== undefined && { requestBody }),
      responses,
      ...(operation.security === undefined &&
        by.operation.security !== undefined && { security: by.operation.security }),
    },
  }
}

function addArguments(operation: Part, added: readonly Part[], requestBody: unknown): Part | undefined {
  const tool = operation['x-mcp-tool']
  if (!isObject(tool)) return undefined
  const bound = asRecord(tool.arguments)
  const body: [string, unknown][] = requestBody === undefined ? [] : [['body', bound.body ?? 'body']]
  const own: [string, unknown][] = [...Object.entries(bound), ...body]
  return { ...tool, arguments: Object.fromEntries([...own, ...bindParameters(added, own)]) }
}

/** Lists the path parameters in the order of the path's variables. */
function listNames({ key }: DescribedOperation, parameters: readonly Part[]): string[] {
  const { path } = splitPathKey(key)
  return parameters
    .filter((one) => one.in === 'path')
    .map(({ name }) => String(name))
    .sort((a, b) => path.indexOf(`{${a}}`) - path.indexOf(`{${b}}`))
}
