import { Ajv } from 'ajv'
import formats from 'ajv-formats'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readDocument } from '../../src/document/document.ts'
import { errorCatalogue } from '../../src/errors/catalogue.ts'
import { type Answer, listAnswers, nameAnswer, problemType } from './answers.ts'
import { causedCodes, findCause, spoil } from './causes.ts'
import { planProof } from './proof.ts'
import { makeRequest, sendRequest } from './requests.ts'
import { openStage, type Stage } from './stage.ts'

const document = readDocument()
const answers = listAnswers(document)
const operations = answers.filter(({ status }) => status < 300)
const documentedCodes = answers
  .filter(({ mediaType }) => mediaType === problemType)
  .flatMap(({ examples }) => [...examples.values()].map((example) => String(Object(example).code)))

/** Errors that answer no operation: there is no request yet, or no operation that it is for. */
const beforeOperations = [
  'bad_request',
  'request_timeout',
  'uri_too_long',
  'headers_too_large',
  'route_not_found',
]

/** Errors that no request causes: a defect of the gateway does. */
const defects = ['internal_error']

/** Errors that answer a tool call alone. */
const toolErrors = ['confirmation_required', 'confirmation_declined']

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
}, 60_000)
afterAll(() => stage[Symbol.asyncDispose]())

describe('every documented answer', () => {
  const cases = answers.flatMap((answer) =>
    [...answer.examples].map(([name, example]) => ({
      answer,
      name,
      example,
      title: `${nameAnswer(answer)} ${name}`.trim(),
    })),
  )

  it('has an example', () => {
    expect(answers.filter(({ examples }) => examples.size === 0).map(nameAnswer)).toEqual([])
  })

  it('has a schema that refuses something', () => {
    expect(answers.filter((answer) => findDepartures(answer, 'text').length === 0).map(nameAnswer)).toEqual(
      [],
    )
  })

  it('has examples that keep their own schema', () => {
    const broken = cases.filter(({ answer, example }) => findDepartures(answer, example).length > 0)
    expect(broken.map(({ title }) => title)).toEqual([])
  })

  it.each(cases)('comes about: $title', async ({ answer, name, example }) => {
    const sound = makeRequest(answer, document)
    const { cause, prefer, code } = planProof(answer, name, sound)
    const { status, type, body } = await sendRequest(stage.raise(cause.upstream, prefer), spoil(sound, cause))
    expect({ status, type }).toEqual({ status: answer.status, type: answer.mediaType })
    expect(findDepartures(answer, body)).toEqual([])
    if (code !== undefined) expect(body).toHaveProperty('code', code)
    else if (status < 400) expect(body).toEqual(example)
    else expect(Object(body).error?.code).toBe(Object(example).error?.code)
  })
})

describe('every error of the gateway', () => {
  it('is documented, or answers no operation on REST, or is a defect', () => {
    const known = new Set([...documentedCodes, ...beforeOperations, ...toolErrors, ...defects])
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

  it.each(cases)(
    'that an operation answers with is documented there: $title',
    async ({ operation, code }) => {
      const sound = makeRequest(operation, document)
      const cause = findCause(code, sound)
      const { status, type, body } = await sendRequest(stage.raise(cause.upstream), spoil(sound, cause))
      const answer = answers.find(
        (one) => nameAnswer(one) === nameAnswer({ ...operation, status, mediaType: type }),
      )
      expect(answer, `${status} ${type} ${Object(body).code}`).toBeDefined()
      const codes = [...(answer?.examples.values() ?? [])].map((example) => Object(example).code)
      expect(codes).toContain(Object(body).code)
    },
  )
})

function findDepartures({ schema }: Answer, body: unknown): readonly unknown[] {
  const ajv = new Ajv({ strict: false, allErrors: true })
  formats.default(ajv)
  const validate = ajv.compile(schema)
  return validate(body) ? [] : (validate.errors ?? [])
}
