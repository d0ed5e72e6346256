import { demoClient } from './cal-com/store.ts'
import type { MockChoice } from './choice.ts'

/** A mock that listens; disposing of it closes its port and every connection. */
export interface Mock extends AsyncDisposable {
  readonly url: string
}

/** Which mock is started; port 0 is any free one. */
export interface MockOptions extends MockChoice {
  /** The document that Prism responds by, in place of the shipped one. */
  readonly document?: object
  /** Whether a gateway in front has checked what the mock gets. */
  readonly isBehindGateway?: boolean
}

/** Starts a mock. Throws with `code` `EADDRINUSE` when the port is taken, `ERR_MODULE_NOT_FOUND` without Prism. */
export async function startMock({ name, ...options }: MockOptions): Promise<Mock> {
  if (name === 'stateful') return (await import('./cal-com/server.ts')).startCalCom({ port: options.port })
  const { startPrism } = await import('./prism.ts')
  return startPrism(options)
}

/** Gives the variables of a gateway in front of a mock of the shipped API, with a client that the mock knows. */
export function configureDemo(url: string): Readonly<Record<string, string>> {
  const { id, secret } = demoClient
  return { CAL_COM_BASE_URL: url, CAL_COM_CLIENT_ID: id, CAL_COM_SECRET_KEY: secret }
}
