import type { TypedClient } from '../../openapi/typed-client.ts'

const path = { clientId: 'cm9demo', userId: 7 }
const header = { 'x-cal-secret-key': 'demo-secret' }

/** Nothing calls this: that it compiles is the test, since `tsc` fails where an expected error is none. */
export function describeMistakes(client: TypedClient): unknown[] {
  return [
    // @ts-expect-error an operation the document does not have
    client.oauthclientuserscontrollergetuser,
    // @ts-expect-error a path variable is missing
    client.oauthclientuserscontrollergetuserbyid({ path: { clientId: 'c' }, header }),
    // @ts-expect-error a user id is a number
    client.oauthclientuserscontrollerdeleteuser({ path: { clientId: 'c', userId: '7' }, header }),
    // @ts-expect-error a body is missing
    client.oauthclientuserscontrollercreateuser({ path: { clientId: 'c' }, header }),
    // @ts-expect-error a clock has 12 or 24 hours
    client.oauthclientuserscontrollerupdateuser({ path, header, body: { timeFormat: 13 } }),
  ]
}
