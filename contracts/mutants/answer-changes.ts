import type { WireAnswer } from './hop.ts'
import { dropHeader, mapBody } from './wire-changes.ts'

/** One thing done wrong on the way back. */
export type AnswerChange = (answer: WireAnswer) => WireAnswer

/** Lists what can go wrong with an answer between the gateway's REST door and its caller, each with its name. */
export function listAnswerChanges(): [string, AnswerChange][] {
  const when =
    (applies: (answer: WireAnswer) => boolean, change: AnswerChange): AnswerChange =>
    (answer) =>
      applies(answer) ? change(answer) : answer
  const success = ({ status }: WireAnswer) => status < 300
  const problem = ({ headers }: WireAnswer) => /problem/.test(headers['content-type'] ?? '')
  const failure = (answer: WireAnswer) => answer.status >= 400 && !problem(answer)
  const status =
    (other: number): AnswerChange =>
    (answer) => ({ ...answer, status: other })
  const header =
    (name: string): AnswerChange =>
    (answer) => ({ ...answer, headers: dropHeader(answer.headers, name) })
  const leak =
    (name: string): AnswerChange =>
    (answer) => ({ ...answer, headers: { ...answer.headers, [name]: 'leaked' } })
  const member =
    (name: string, value?: unknown): AnswerChange =>
    (answer) =>
      mapBody(answer, ({ [name]: _, ...rest }) => (value === undefined ? rest : { ...rest, [name]: value }))
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
    ['answer wrapped', when(success, (answer) => ({ ...answer, text: `{"result":${answer.text}}` }))],
    ['data lost', when(success, member('data'))],
    ['answer cut', when(success, (answer) => ({ ...answer, text: answer.text.slice(0, -1) }))],
    [
      'big numbers rounded',
      when(success, (answer) => ({ ...answer, text: JSON.stringify(JSON.parse(answer.text)) })),
    ],
    ['details of errors lost', when(failure, member('error'))],
  ]
}

const leakType: AnswerChange = (answer) => ({
  ...answer,
  headers: { ...answer.headers, 'content-type': 'application/json' },
})
