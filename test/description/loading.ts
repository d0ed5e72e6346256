import { expect } from 'vitest'
import { type Loading, type LoadOptions, loadDescriptions } from '../../src/description/load.ts'
import { asRecord } from '../../src/document/json.ts'

/** Files by name; what they hold is YAML, or is written as JSON. */
export type Files = Readonly<Record<string, string | object>>

/** Loads files given as YAML or JSON, with nothing selected and nothing said of servers but what is given. */
export function load(files: Files, options: Partial<LoadOptions> = {}): Promise<Loading> {
  return loadDescriptions({
    files: toTexts(files),
    overlays: [],
    schemas: [],
    selection: { tags: [], operations: [], exclude: [], readOnly: false },
    allowReferences: [],
    baseUrls: new Map([['', 'https://api.example.org']]),
    serverVariables: new Map(),
    prefixes: new Map(),
    ...options,
  })
}

/** Files as loading takes them. */
export function toTexts(files: Files): { file: string; text: string }[] {
  return Object.entries(files).map(([file, content]) => ({
    file,
    text: typeof content === 'string' ? content : JSON.stringify(content, null, 2),
  }))
}

/** An OpenAPI document of the given paths. */
export function describeApi(paths: object, rest: object = {}): object {
  return { openapi: '3.1.0', info: { title: 'Shop', version: '1' }, paths, ...rest }
}

/** The operations of what was loaded, by `get /path`. */
export function listOperations({ document }: Loading): Record<string, Readonly<Record<string, unknown>>> {
  return Object.fromEntries(
    Object.entries(document?.paths ?? {}).flatMap(([path, item]) =>
      Object.entries(item).map(([method, operation]) => [`${method} ${path}`, asRecord(operation)]),
    ),
  )
}

/** The problems of what was loaded, as `file:line: severity: message; expected`. */
export function listProblems({ problems }: Loading): string[] {
  return problems.map(
    ({ file, line, severity, message, expected }) => `${file}:${line}: ${severity}: ${message}; ${expected}`,
  )
}

/** Loads one document and expects no problem. */
export async function loadSound(content: string | object, options: Parameters<typeof load>[1] = {}) {
  const loading = await load({ 'shop.yaml': content }, options)
  expect(listProblems(loading)).toEqual([])
  return loading
}
