import { expect, test } from 'vitest'
import { typeClient } from '../../openapi/typed-client.ts'
import { readApi } from '../../src/document/api.ts'
import { readDocument } from '../../src/document/document.ts'
import { readOperations } from '../../src/document/operations.ts'
import { createClient } from '../../src/upstream/client.ts'
import { createRequester } from '../../src/upstream/requester.ts'
import { createRequesterParts } from '../support/requester-parts.ts'
import { startUpstream } from '../support/upstream-stub.ts'

const path = { clientId: 'cm9demo', userId: 7 }
const header = { 'x-cal-secret-key': 'demo-secret' }

test('an operation is called by its name, with arguments and answer as the document types them', async () => {
  await using upstream = await startUpstream()
  const requester = createRequester({
    ...createRequesterParts(),
    ...{ baseUrl: upstream.url, timeout: 5000 },
    rules: readApi(readDocument()).responses,
    operations: [],
  })
  const client = typeClient(
    createClient({ requester, configured: { secrets: {}, pins: {} } }),
    readOperations(readDocument()),
  )
  const { data } = await client.oauthclientuserscontrollergetuserbyid({ path, header })
  const status: 'success' | undefined = data?.status
  await requester.close()
  expect(status).toBe('success')
  expect(upstream.requests.map(({ method, url }) => `${method} ${url}`)).toEqual([
    'GET /v2/oauth-clients/cm9demo/users/7',
  ])
})
