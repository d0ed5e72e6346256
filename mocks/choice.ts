/** Header of every response of a mock, with its name: what it gets may be changed without asking anybody. */
export const mockHeader = 'x-calgate-mock'

/** The mocks of Cal.com there are. */
export const mockNames = ['prism', 'stateful'] as const

/** Name of a mock. */
export type MockName = (typeof mockNames)[number]

/** Which mock is to be started, and its port on 127.0.0.1. */
export interface MockChoice {
  readonly name: MockName
  readonly port: number
}

/**
 * Reads the choice from `MOCK` and `MOCK_PORT`, for the mock itself and for who starts it. Throws a `RangeError`
 * whose message is one line for the operator.
 */
export function readMockChoice(
  environment: Readonly<Record<string, string | undefined>>,
  usual: MockName,
): MockChoice {
  const { MOCK: wanted = '', MOCK_PORT: port = '' } = environment
  const name = wanted === '' ? usual : mockNames.find((known) => known === wanted)
  if (name === undefined) throw new RangeError(`MOCK must be one of ${mockNames.join(', ')}`)
  if (!/^[1-9]\d{0,4}$|^$/.test(port) || Number(port) > 65535)
    throw new RangeError('MOCK_PORT must be an integer from 1 to 65535')
  return { name, port: Number(port || 4010) }
}
