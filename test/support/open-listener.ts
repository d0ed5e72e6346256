import { Admission } from '../../src/http/admission.ts'
import { UnreadResponses } from '../../src/http/connection.ts'
import { usualTimeouts } from '../../src/http/http-server.ts'

/** What a listener needs to let everybody in, as many at a time as given. */
export function openListener(active: number) {
  return {
    allowedHosts: [],
    allowedOrigins: [],
    authenticate: undefined,
    admission: new Admission({ active, waiting: 0, timeout: 0 }),
    unread: new UnreadResponses(),
    readiness: { draining: false },
    timeouts: usualTimeouts,
    secrets: { schemes: [], configured: [] },
  }
}
