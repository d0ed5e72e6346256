import { readMockChoice } from '../../mocks/choice.ts'
import { configureDemo, type Mock, startMock } from '../../mocks/start.ts'
import type { Environment } from '../config/environment.ts'
import type { OpenApiDocument } from '../document/document.ts'
import { asRecord } from '../document/json.ts'
import { CommandError } from './command.ts'
import { importPeer } from './peer.ts'

/** A mock with the variables that put a gateway of the shipped API in front of it. */
export interface StartedMock extends Mock {
  readonly name: string
  readonly variables: Environment
}

const prism = '@stoplight/prism-core @stoplight/prism-http @stoplight/prism-http-server'

/** What is mocked, and where. */
interface ChosenMock {
  readonly environment: Environment
  /** A document that Prism takes its responses from, in place of the shipped API. */
  readonly document?: OpenApiDocument | undefined
  /** Port on 127.0.0.1, instead of `MOCK_PORT`; 0 for any free one. */
  readonly port?: number
}

/** Starts the mock of the shipped API that `MOCK` chooses, or Prism for another document. Throws a `CommandError`. */
export async function startChosenMock({ environment, document, port }: ChosenMock): Promise<StartedMock> {
  const choice = chooseMock(environment)
  const name = document ? 'prism' : choice.name
  const start = () => startMock({ name, port: port ?? choice.port, ...(document && { document }) })
  const mock = await importPeer(start, prism).catch((error: unknown) => {
    if (asRecord(error).code !== 'EADDRINUSE') throw error
    throw new CommandError(`port ${choice.port} is in use; set MOCK_PORT to another port`, 1)
  })
  const close = () => mock[Symbol.asyncDispose]()
  return { name, url: mock.url, variables: configureDemo(mock.url), [Symbol.asyncDispose]: close }
}

function chooseMock(environment: Environment) {
  try {
    return readMockChoice(environment, 'stateful')
  } catch (error) {
    throw error instanceof RangeError ? new CommandError(error.message) : error
  }
}
