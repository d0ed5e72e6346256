import { readMockChoice } from '../../mocks/choice.ts'
import { configureDemo, type Mock, startMock } from '../../mocks/start.ts'
import type { Environment } from '../config/environment.ts'
import type { OpenApiDocument } from '../document/document.ts'
import { CommandError } from './command.ts'
import { importPeer } from './peer.ts'
import { describePortError } from './port.ts'

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
  /** How the user names the port; `MOCK_PORT` without. */
  readonly portName?: string
  /** Whether a gateway in front has checked what the mock gets. */
  readonly isBehindGateway?: boolean
}

/** Starts the mock of the shipped API that `MOCK` chooses, or Prism for another document. Throws a `CommandError`. */
export async function startChosenMock(chosen: ChosenMock): Promise<StartedMock> {
  const { environment, document, port, portName = 'MOCK_PORT', isBehindGateway = false } = chosen
  const choice = chooseMock(environment, portName)
  const name = document ? 'prism' : choice.name
  const start = () =>
    startMock({ name, port: port ?? choice.port, isBehindGateway, ...(document && { document }) })
  const mock = await importPeer(start, prism).catch((error: unknown) => {
    throw describePortError(error, choice.port, portName) ?? error
  })
  return { ...mock, name, variables: configureDemo(mock.url) }
}

function chooseMock(environment: Environment, portName: string) {
  try {
    return readMockChoice(environment, 'stateful')
  } catch (error) {
    throw error instanceof RangeError ? new CommandError(error.message.replace('MOCK_PORT', portName)) : error
  }
}
