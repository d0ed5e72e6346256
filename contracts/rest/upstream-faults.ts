import { type Behaviour, writeAnswer } from '../../test/support/raw-upstream.ts'

const respond =
  (text: string): Behaviour =>
  (socket) =>
    void socket.end(text)

/** What an upstream does with a request instead of responding to it. */
export const faults = {
  silence: () => {},
  'a cut response': respond(
    'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"status":',
  ),
  'a response that is no JSON': respond(writeAnswer('<p>Hello</p>\n')),
  'a request to wait': respond(
    writeAnswer('{}', '429 Too Many Requests', 'x-ratelimit-reset-default: 300\r\n'),
  ),
} satisfies Readonly<Record<string, Behaviour>>

/** Name of a fault. */
export type Fault = keyof typeof faults
