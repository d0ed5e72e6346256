import { expect, test } from 'vitest'
import { readApi } from '../../src/document/api.ts'
import { type ExtensionPlace, extensions } from '../../src/document/extensions.ts'
import { readOperations } from '../../src/document/operations.ts'
import { describeApi, listProblems, load } from './loading.ts'

/** What of the gateway's extensions says words or hints alone, which a document can do without. */
const dispensable = [
  ...['x-name', 'x-title', 'x-recovery', 'x-redacted-notice', 'x-export', 'x-retry-after-header'],
]

/** A document with an extension at a place of each kind, inline and behind a reference. */
const extended: Readonly<Record<ExtensionPlace, readonly ((extension: object) => object)[]>> = {
  document: [(extension) => describeApi({ '/a': { get: {} }, '/b': { get: {} } }, extension)],
  operation: [
    (extension) => describeApi({ '/a': { get: extension }, '/b': { get: {} } }),
    (extension) => describeApi({ '/a': { additionalOperations: { LOCK: extension } }, '/b': { get: {} } }),
  ],
  parameter: [
    (extension) => describeApi({ '/a': { get: { parameters: [describe(extension)] } }, '/b': { get: {} } }),
    (extension) => describeApi({ '/a': { parameters: [describe(extension)], get: {} }, '/b': { get: {} } }),
    (extension) =>
      describeApi(
        { '/a': { get: { parameters: [{ $ref: '#/components/parameters/q' }] } }, '/b': { get: {} } },
        { components: { parameters: { q: describe(extension) } } },
      ),
  ],
  securityScheme: [
    (extension) => describeSecured({ k: { type: 'apiKey', in: 'header', name: 'X-K', ...extension } }),
    (extension) =>
      describeSecured({
        k: { $ref: '#/components/securitySchemes/other' },
        other: { type: 'http', scheme: 'bearer', ...extension },
      }),
  ],
  schema: [
    (extension) => {
      const content = { 'application/json': { schema: { type: 'object', ...extension } } }
      return describeApi({ '/a': { post: { requestBody: { content } } }, '/b': { get: {} } })
    },
  ],
}

function describe(extension: object): object {
  return { name: 'q', in: 'header', schema: { type: 'string' }, ...extension }
}

function describeSecured(securitySchemes: object): object {
  const paths = { '/a': { get: { security: [{ k: [] }] } }, '/b': { get: {} } }
  return describeApi(paths, { components: { securitySchemes } })
}

const places: readonly ExtensionPlace[] = ['document', 'operation', 'parameter', 'securityScheme', 'schema']

const malformed = places.flatMap((place) =>
  Object.keys(extensions[place]).flatMap((name) =>
    [5, 'x x', null].flatMap((value) =>
      (value === null && ['x-rest-path', 'x-mcp-tool'].includes(name)) ||
      (value === 'x x' && dispensable.includes(name))
        ? []
        : [{ place, name, value }],
    ),
  ),
)

test.each(malformed)(
  '$name: $value of a $place weakens nothing that is served',
  async ({ place, name, value }) => {
    for (const make of extended[place]) {
      const loading = await load({ 'a.json': make({ [name]: value }) })
      const [problem, ...others] = loading.problems.filter(({ message }) => message.includes(name))
      expect(others).toEqual([])
      expect(problem?.expected).toBe(`the form that docs/extensions.md gives for ${name}`)
      expect(problem?.line).toBeGreaterThan(1)
      if (dispensable.includes(name)) expect(problem).toMatchObject({ severity: 'warning' })
      else if (place === 'operation' || place === 'parameter') {
        expect(problem).toMatchObject({ severity: 'omission' })
        expect(problem?.message).toMatch(/^(?:GET|LOCK) \/a is left out: x-/)
        expect(Object.keys(loading.document?.paths ?? {})).toEqual(['/b'])
      } else expect(problem).toMatchObject({ severity: 'error' })
      // What a start reads of the document throws where a value cannot be read.
      if (problem?.severity !== 'error' && loading.document)
        readApi(loading.document, readOperations(loading.document))
    }
  },
)

test('a malformed extension of a security scheme of OpenAPI 2.0 is shown where it stands', async () => {
  const document = {
    swagger: '2.0',
    info: { title: 'Shop', version: '1' },
    paths: { '/a': { get: { responses: {} } } },
    securityDefinitions: { k: { type: 'apiKey', in: 'header', name: 'X-K', 'x-configured-only': 'true' } },
  }
  const text = JSON.stringify(document, null, 2)
  const line = text.split('\n').findIndex((one) => one.includes('x-configured-only')) + 1
  expect(listProblems(await load({ 'a.json': text }))).toEqual([
    `a.json:${line}: error: x-configured-only of the security scheme "k" has another form; the form that docs/extensions.md gives for x-configured-only`,
  ])
})
