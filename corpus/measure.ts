import { Ajv2020 } from 'ajv/dist/2020.js'
import { type Loading, loadDescriptions } from '../src/description/load.ts'
import type { OpenApiDocument } from '../src/document/document.ts'
import { asRecord } from '../src/document/json.ts'
import { readOperations } from '../src/document/operations.ts'
import { describeArguments } from '../src/mcp/arguments.ts'

/** What loading one document came to. */
export interface Measurement {
  /** The document that is served; nothing where loading threw. */
  readonly document?: OpenApiDocument
  /** Why it threw; nothing where it did not. */
  readonly thrown?: string
  readonly operations: number
  readonly served: number
  /** Operations that are neither served nor named by a problem. */
  readonly lost: number
  /** Why operations and schemas are left out: messages without names and numbers. */
  readonly omissions: readonly string[]
  readonly badToolNames: readonly string[]
  readonly badArgumentNames: readonly string[]
  /** Operations that the document room refuses after loading. */
  readonly unread: readonly string[]
  /** Input schemas that were compiled: that of every twentieth operation, as compiling takes longest. */
  readonly compiled: number
  /** Why input schemas did not compile. */
  readonly uncompiled: readonly string[]
}

const methods = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace']
const nothing = { tags: [], operations: [], exclude: [], readOnly: false }

/** Loads a document as `calgate serve` would, and compares the outcome with what the document has. */
export async function measure(path: string, text: string): Promise<Measurement> {
  const operations = countOperations(JSON.parse(text))
  try {
    const loading = await loadDescriptions({
      files: [{ file: path, text }],
      overlays: [],
      schemas: [],
      selection: nothing,
      allowReferences: [],
      baseUrls: new Map(),
      serverVariables: new Map(),
      prefixes: new Map(),
    })
    const tools = listTools(loading)
    const omissions = loading.problems.filter(({ severity }) => severity === 'omission')
    return {
      ...(loading.document && { document: loading.document }),
      operations,
      served: tools.length,
      lost: Math.max(0, operations - tools.length - omissions.length),
      omissions: omissions.map(({ message }) => toClass(message)),
      ...findBadNames(tools),
      ...compileSample(loading),
    }
  } catch (error) {
    const thrown = error instanceof Error ? (error.stack ?? error.message) : String(error)
    return {
      ...{ thrown, operations, served: 0, lost: operations, omissions: [] },
      ...{ badToolNames: [], badArgumentNames: [], unread: [], compiled: 0, uncompiled: [] },
    }
  }
}

function compileSample({ document }: Loading): Pick<Measurement, 'unread' | 'compiled' | 'uncompiled'> {
  const unread: string[] = []
  const read = document ? readOperations(document, (name, reason) => unread.push(`${name}: ${reason}`)) : []
  const sample = read.filter((_, index) => index % 20 === 0)
  const uncompiled = sample.flatMap((operation) => {
    if (!operation.tool) return []
    try {
      const ajv = new Ajv2020({ strict: false, validateFormats: false, logger: false })
      ajv.compile(describeArguments(operation, operation.tool, ''))
      return []
    } catch (error) {
      return [`${operation.method} ${operation.path}: ${error instanceof Error ? error.message : error}`]
    }
  })
  return { unread, compiled: sample.length, uncompiled }
}

function countOperations(document: unknown): number {
  return Object.values(asRecord(asRecord(document).paths)).reduce<number>(
    (sum, item) => sum + methods.filter((method) => asRecord(item)[method] !== undefined).length,
    0,
  )
}

function listTools({ document }: Loading): Readonly<Record<string, unknown>>[] {
  return Object.values(document?.paths ?? {}).flatMap((item) =>
    Object.values(item).map((operation) => asRecord(asRecord(operation)['x-mcp-tool'])),
  )
}

function findBadNames(tools: readonly Readonly<Record<string, unknown>>[]) {
  const find = (names: readonly unknown[], rule: RegExp) => names.map(String).filter((one) => !rule.test(one))
  return {
    badToolNames: find(
      tools.map(({ name }) => name),
      /^[A-Za-z0-9_-]{1,64}$/,
    ),
    badArgumentNames: find(
      tools.flatMap((tool) => Object.values(asRecord(tool.arguments))),
      /^[A-Za-z0-9_.-]{1,64}$/,
    ),
  }
}

function toClass(message: string): string {
  return message
    .replaceAll(/"[^"]*"/g, '…')
    .replaceAll(/[^\s]*[/#{][^\s]*/g, '…')
    .replaceAll(/\b[A-Z]{3,}\b/g, '…')
    .replaceAll(/\d+/g, '…')
    .replaceAll(/(?:… )+…/g, '…')
}
