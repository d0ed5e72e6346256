import { type CalComMock, type CalComOptions, startCalCom } from '../../../mocks/cal-com/server.ts'

/** The client that the mock begins with. */
export const demo = { id: 'cm9demo000001abcd1234efgh', secret: 'demo-secret' } as const

/** Where the users of a client are. */
export const usersOf = (client: string) => `/v2/oauth-clients/${client}/users`

/** The beginning of time in these tests: a Monday, 10:00:30.500 UTC. */
export const beginning = Date.UTC(2026, 10, 23, 10, 0, 30, 500)

/** An answer with its body decoded as far as it is JSON. */
export interface Reply {
  readonly status: number
  readonly headers: Headers
  readonly body: { readonly [member: string]: unknown; readonly data?: unknown; readonly error?: unknown }
}

interface Request {
  readonly method?: string
  readonly body?: unknown
  /** A body as it goes over the wire. */
  readonly text?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** The mock with a clock that stands still, and a way to call it as the demo client. */
export interface Subject extends AsyncDisposable {
  readonly mock: CalComMock
  call(path: string, request?: Request): Promise<Reply>
  /** Asks the control routes; resolves with the status. */
  control(name: string, body?: unknown): Promise<number>
}

/** Mocks that a test has disposed of; each begins anew with the next test that uses it. */
const idle: CalComMock[] = []

/** Gives a test a mock that is as it began. Options start one of its own. */
export async function startSubject(options?: CalComOptions): Promise<Subject> {
  if (options) return describeSubject(await start(options))
  const mock = idle.pop() ?? (await start({}))
  const subject = describeSubject(mock)
  const release = async () => {
    await subject.control('reset')
    idle.push(mock)
  }
  return { ...subject, [Symbol.asyncDispose]: release }
}

function start(options: CalComOptions): Promise<CalComMock> {
  return startCalCom({ seed: 'test', clock: () => beginning, ...options })
}

function describeSubject(mock: CalComMock): Subject {
  const send = (path: string, { method, body, text = JSON.stringify(body), headers = {} }: Request) =>
    fetch(mock.url + path, {
      method: method ?? (text === undefined ? 'GET' : 'POST'),
      ...(text === undefined ? {} : { body: text }),
      headers: { ...(text === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    })
  return {
    mock,
    async call(path, request = {}) {
      const headers = request.headers ?? { 'x-cal-secret-key': demo.secret, 'x-cal-client-id': demo.id }
      const response = await send(path, { ...request, headers })
      const text = await response.text()
      return { status: response.status, headers: response.headers, body: text === '' ? {} : JSON.parse(text) }
    },
    control: async (name, body) => (await send(`/_control/${name}`, { method: 'POST', body })).status,
    [Symbol.asyncDispose]: () => mock[Symbol.asyncDispose](),
  }
}
