import { Ajv } from 'ajv'
import formats from 'ajv-formats'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readDocument } from '../../src/document/document.ts'
import { asRecord } from '../../src/document/json.ts'
import { errorCatalogue } from '../../src/errors/catalogue.ts'
import {
  type DocumentedResponse,
  listDocumentedResponses,
  nameResponse,
  problemType,
} from './documented-responses.ts'
import { causedCodes, findCause, spoil } from './error-causes.ts'
import { planResponse } from './response-plan.ts'
import { openTestEnvironment, type TestEnvironment } from './test-environment.ts'
import { makeRequest, sendRequest } from './valid-request.ts'

const document = readDocument()
const responses = listDocumentedResponses(document)
const operations = responses.filter(({ status }) => status < 300)
const documentedCodes = responses
  .filter(({ mediaType }) => mediaType === problemType)
  .flatMap(({ examples }) => [...examples.values()].map((example) => String(asRecord(example).code)))

/** Errors that no operation responds with: there is no request yet, or no operation that it is for. */
const beforeOperations = [
  'bad_request',
  'request_timeout',
  'uri_too_long',
  'headers_too_large',
  'expectation_failed',
  'route_not_found',
]

/**
 * Errors that no client receives, that a defect of the gateway causes, or that an upload causes which is sent as it
 * arrives: each operation here takes JSON, which is read whole before.
 */
const unseen = ['client_disconnected', 'internal_error', 'upload_incomplete', 'upload_too_large']

/** Errors of tool calls alone. */
const toolErrors = ['confirmation_required', 'confirmation_declined']

let environment: TestEnvironment
beforeAll(async () => {
  environment = await openTestEnvironment()
})
afterAll(() => environment[Symbol.asyncDispose]())

describe('every documented response', () => {
  const cases = responses.flatMap((response) =>
    [...response.examples].map(([name, example]) => ({
      response,
      name,
      example,
      title: `${nameResponse(response)} ${name}`.trim(),
    })),
  )

  it('has an example', () => {
    expect(responses.filter(({ examples }) => examples.size === 0).map(nameResponse)).toEqual([])
  })

  it('has a schema that refuses something', () => {
    expect(
      responses.filter((response) => findMismatches(response, 'text').length === 0).map(nameResponse),
    ).toEqual([])
  })

  it('has examples that keep their own schema', () => {
    const broken = cases.filter(({ response, example }) => findMismatches(response, example).length > 0)
    expect(broken.map(({ title }) => title)).toEqual([])
  })

  it.each(cases)('comes about: $title', async ({ response, name, example }) => {
    const valid = makeRequest(response, document)
    const { cause, prefer, code } = planResponse(response, name, valid)
    const { status, type, body } = await sendRequest(
      environment.raise(cause.upstream, prefer),
      spoil(valid, cause),
    )
    expect({ status, type }).toEqual({ status: response.status, type: response.mediaType })
    expect(findMismatches(response, body)).toEqual([])
    if (code !== undefined) expect(body).toHaveProperty('code', code)
    else if (status < 400) expect(body).toEqual(example)
    else expect(readCode(body)).toBe(readCode(example))
  })
})

describe('every error of the gateway', () => {
  it('is documented, or no operation returns it on REST, or is a defect', () => {
    const known = new Set([...documentedCodes, ...beforeOperations, ...toolErrors, ...unseen])
    expect([...known].sort()).toEqual(Object.keys(errorCatalogue).sort())
  })

  const cases = operations.flatMap((operation) =>
    causedCodes
      .filter((code) => !beforeOperations.includes(code))
      .map((code) => ({
        operation,
        code,
        title: `${operation.method} ${operation.path} spoiled for ${code}`,
      })),
  )

  it.each(cases)('that an operation returns is documented there: $title', async ({ operation, code }) => {
    const valid = makeRequest(operation, document)
    const cause = findCause(code, valid)
    const { status, type, body } = await sendRequest(environment.raise(cause.upstream), spoil(valid, cause))
    const response = responses.find(
      (one) => nameResponse(one) === nameResponse({ ...operation, status, mediaType: type }),
    )
    const codes = [...(response?.examples.values() ?? [])].map((example) => asRecord(example).code)
    expect(codes, `${status} ${type}`).toContain(asRecord(body).code)
  })
})

function readCode(body: unknown): unknown {
  return asRecord(asRecord(body).error).code
}

const ajv = new Ajv({ strict: false, allErrors: true })
formats.default(ajv)

/** Lists where a body breaks the schema of a response, which is compiled once. */
function findMismatches({ schema }: DocumentedResponse, body: unknown): readonly unknown[] {
  const validate = ajv.compile(schema)
  return validate(body) ? [] : (validate.errors ?? [])
}
