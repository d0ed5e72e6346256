import type { WireResponse } from './mutating-proxy.ts'
import { mapBody, without } from './wire-changes.ts'

/** One thing done wrong on the way back. */
export type ResponseChange = (response: WireResponse) => WireResponse

/** Lists what can go wrong with a response between the gateway's REST server and its client, each with its name. */
export function listResponseChanges(): [string, ResponseChange][] {
  const when =
    (applies: (response: WireResponse) => boolean, change: ResponseChange): ResponseChange =>
    (response) =>
      applies(response) ? change(response) : response
  const success = ({ status }: WireResponse) => status < 300
  const problem = ({ headers }: WireResponse) => /problem/.test(headers['content-type'] ?? '')
  const failure = (response: WireResponse) => response.status >= 400 && !problem(response)
  const status =
    (other: number): ResponseChange =>
    (response) => ({ ...response, status: other })
  const header =
    (name: string): ResponseChange =>
    (response) => ({ ...response, headers: without(response.headers, name) })
  const leak =
    (name: string): ResponseChange =>
    (response) => ({ ...response, headers: { ...response.headers, [name]: 'leaked' } })
  const member =
    (name: string, value?: unknown): ResponseChange =>
    (response) =>
      mapBody(response, ({ [name]: _, ...rest }) => (value === undefined ? rest : { ...rest, [name]: value }))
  return [
    ['success as 202', when(success, status(202))],
    ['success as 500', when(success, status(500))],
    [
      "status of Cal.com's errors flattened to 500",
      when(({ status: got, ...rest }) => got < 500 && failure({ status: got, ...rest }), status(500)),
    ],
    ["Cal.com's errors as 200", when(failure, status(200))],
    ['problems as 500', when(problem, status(500))],
    ['problems as plain JSON', when(problem, leakType)],
    ['problem code lost', when(problem, member('code'))],
    ['problem code altered', when(problem, member('code', 'error'))],
    ['problem outcome lost', when(problem, member('outcome'))],
    ['problem retryable turned to text', when(problem, member('retryable', 'no'))],
    ['problem title lost', when(problem, member('title'))],
    ['problem type altered', when(problem, member('type', 'about:blank'))],
    ['problem places lost', when(problem, member('errors'))],
    ['Allow lost', header('allow')],
    ['content type of success lost', when(success, header('content-type'))],
    ['rate headers lost', header('x-ratelimit-reset-default')],
    ['request id lost', header('x-request-id')],
    ['Set-Cookie leaked', leak('set-cookie')],
    ['Server leaked', leak('server')],
    ['response wrapped', when(success, (response) => ({ ...response, text: `{"result":${response.text}}` }))],
    ['data lost', when(success, member('data'))],
    ['response cut', when(success, (response) => ({ ...response, text: response.text.slice(0, -1) }))],
    [
      'big numbers rounded',
      when(success, (response) => ({ ...response, text: JSON.stringify(JSON.parse(response.text)) })),
    ],
    ['details of errors lost', when(failure, member('error'))],
  ]
}

const leakType: ResponseChange = (response) => ({
  ...response,
  headers: { ...response.headers, 'content-type': 'application/json' },
})
