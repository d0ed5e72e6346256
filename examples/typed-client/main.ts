// Types by `calgate types > calgate.d.ts`: a wrong path, parameter or member does not compile.
import createClient from 'openapi-fetch'
import type { paths } from './calgate.d.ts'

const client = createClient<paths>({ baseUrl: `${process.argv[2] ?? 'http://127.0.0.1:8080'}/v1` })
const { data, error } = await client.GET('/v2/oauth-clients/{clientId}/users/{userId}', {
  params: {
    path: { clientId: 'cm9demo000001abcd1234efgh', userId: 4711 },
    header: { 'x-cal-secret-key': 'demo-secret' },
  },
})
if (error) throw new Error(JSON.stringify(error))
console.log(`${data.data.name} lives in ${data.data.timeZone}`)
