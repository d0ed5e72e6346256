import { expect, test } from 'vitest'
import { findUnknownVariables } from '../../src/config/unknown-variables.ts'
import { readApi } from '../../src/document/api.ts'
import { readDocument } from '../../src/document/document.ts'

const api = readApi(readDocument())

test.each([
  ['CAL_COM_SECRETKEY', 'CAL_COM_SECRETKEY is not a variable of calgate; did you mean CAL_COM_SECRET_KEY?'],
  ['CAL_COM_TIMEOUT', 'CAL_COM_TIMEOUT is not a variable of calgate'],
  [
    'UPSTREAM_TIMOUT_MS',
    'UPSTREAM_TIMOUT_MS is not a variable of calgate; did you mean UPSTREAM_TIMEOUT_MS?',
  ],
  ['ALLOW_DELETES', 'ALLOW_DELETES is not a variable of calgate; did you mean ALLOW_DELETE?'],
  ['REST_PROT', 'REST_PROT is not a variable of calgate; did you mean REST_PORT?'],
])('%s is warned about', (name, sentence) => {
  expect(findUnknownVariables({ [name]: 'planted', PATH: '/bin' }, api)).toEqual([sentence])
})

test.each([
  'CAL_COM_API_KEY_FILE',
  'RATE_LIMIT',
  'HOME',
  'MOCK_PORT',
  'PORT',
  'ALLOW_WRITES',
  'NODE_COMPILE_CACHE',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'NODE_EXTRA_CA_CERTS',
  'HOSTNAME',
])('%s is not', (name) => {
  expect(findUnknownVariables({ [name]: 'planted' }, api)).toEqual([])
})
