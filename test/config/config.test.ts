import { createPrivateKey } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it, test } from 'vitest'
import { ConfigError, readConfig } from '../../src/config/config.ts'
import { isLoopback } from '../../src/config/urls.ts'
import { readApi } from '../../src/document/api.ts'
import { readDocument } from '../../src/document/document.ts'
import { createCertificate } from '../support/certificate.ts'

const api = readApi(readDocument())

function problemsOf(environment: Record<string, string>): readonly string[] {
  try {
    readConfig(environment, api)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  return []
}

test('an empty environment is a complete configuration', () => {
  expect(readConfig({}, api)).toMatchObject({
    baseUrl: 'https://api.cal.com',
    restPort: 8080,
    mcpPort: 9090,
    host: '127.0.0.1',
    secrets: {},
    pins: {},
    shared: {},
    allowedHosts: [],
    upstreamTimeout: 30_000,
  })
})

test('every problem is reported at once', () => {
  expect(
    problemsOf({ REST_PORT: '70000', MCP_PORT: 'x', LOG_LEVEL: 'loud', CAL_COM_BASE_URL: 'api.cal.com' }),
  ).toEqual([
    'CAL_COM_BASE_URL must be an http or https URL without user, query and fragment',
    'REST_PORT must be an integer from 0 to 65535',
    'MCP_PORT must be an integer from 0 to 65535',
    'LOG_LEVEL must be one of trace, debug, info, warn, error, fatal, silent',
  ])
})

test.each([
  ['CAL_COM_API_KEY', 'planted secret'],
  ['CAL_COM_SECRET_KEY', 'planted\u00e9'],
  ['CAL_COM_BASE_URL', 'https://planted:planted@api.cal.com'],
  ['ALLOWED_ORIGINS', 'planted.example.org'],
  ['ALLOWED_HOSTS', 'planted.example.org/path'],
])('a bad %s is named without its value', (variable, value) => {
  const problems = problemsOf({ [variable]: value })
  expect(problems).toHaveLength(1)
  expect(problems[0]).toContain(variable)
  expect(problems[0]).not.toContain('planted')
})

test('an API key and a host that others can reach do not go together', () => {
  expect(problemsOf({ CAL_COM_API_KEY: 'cal_demo', HOST: '0.0.0.0' })).toEqual([
    expect.stringContaining('HOST must be a loopback address while CAL_COM_API_KEY is set'),
  ])
  expect(problemsOf({ CAL_COM_API_KEY: 'cal_demo', HOST: '::1' })).toEqual([])
})

test('two ports that are one are refused', () => {
  expect(problemsOf({ REST_PORT: '9090' })).toEqual([
    'REST_PORT, MCP_PORT and CONTROL_PORT must be different ports',
  ])
})

test('the base URL loses its trailing slash and lists their blanks', () => {
  const variables = {
    CAL_COM_BASE_URL: 'http://127.0.0.1:4010/',
    ALLOWED_HOSTS: ' Gate.example.org , , b:8080 ',
  }
  const config = readConfig(variables, api)
  expect([config.baseUrl, config.allowedHosts]).toEqual([
    'http://127.0.0.1:4010',
    ['gate.example.org', 'b:8080'],
  ])
})

test.each([
  ['localhost', true],
  ['127.8.9.1', true],
  ['::1', true],
  ['[::1]', true],
  ['127.evil.example.org', false],
  ['0.0.0.0', false],
  ['localhost.example.org', false],
])('%s is loopback: %s', (host, expected) => {
  expect(isLoopback(host)).toBe(expected)
})

test.each([
  ['off', undefined],
  ['600/min', { calls: 600, window: 60_000 }],
  ['5/s', { calls: 5, window: 1_000 }],
  ['1/h', { calls: 1, window: 3_600_000 }],
])('the rate limit %s is read as %j', (text, expected) => {
  expect(readConfig({ RATE_LIMIT: text }, api).rateLimit).toEqual(expected)
})

test.each(['0/min', '600', '600/day', '-1/s', '1.5/s', 'on'])('the rate limit %s is refused', (text) => {
  expect(problemsOf({ RATE_LIMIT: text })).toEqual([expect.stringContaining('RATE_LIMIT must be off')])
})

test.each([
  [{ CAL_COM_CLIENT_ID: 'cm9demo' }, 'CAL_COM_CLIENT_ID needs CAL_COM_SECRET_KEY'],
  [
    { CAL_COM_CLIENT_ID: 'planted/../x', CAL_COM_SECRET_KEY: 's' },
    'CAL_COM_CLIENT_ID must be a value that the parameter clientId allows',
  ],
  [{ CAL_COM_API_KEY_FILE: '/planted' }, 'CAL_COM_API_KEY_FILE must be a readable file'],
  [{ HTTPS_PROXY: 'http://planted:planted@[planted' }, 'HTTPS_PROXY must be an http or https URL of a proxy'],
  [{ HTTP_PROXY: 'http://planted:pla%nted@planted' }, 'HTTP_PROXY must be an http or https URL of a proxy'],
  [
    { CAL_COM_BASE_URL: 'https://planted:planted@example.org' },
    'CAL_COM_BASE_URL must be an http or https URL',
  ],
  [
    { OTEL_EXPORTER_OTLP_ENDPOINT: 'https://planted@example.org' },
    'OTEL_EXPORTER_OTLP_ENDPOINT must be an http',
  ],
  [{ MCP_TOKENS: 'planted' }, 'MCP_TOKENS must be one of reveal, withhold'],
  [{ ALLOW_DELETE: 'no' }, 'ALLOW_DELETE must be one of true, false'],
  [{ CONFIRM_DELETE: '1' }, 'CONFIRM_DELETE must be one of true, false'],
  [{ GATEWAY_KEYS_FILE: '/planted' }, 'GATEWAY_KEYS_FILE: must be a readable file of keys'],
])('%j is refused by a sentence without its value', (environment, sentence) => {
  const problems = problemsOf(environment)
  expect(problems).toEqual([expect.stringContaining(sentence)])
  expect(problems.join()).not.toContain('planted')
})

test.each(['redis://planted:planted@[planted', 'redis://planted:pla%nted@planted'])(
  'the URL of Redis %s is refused, since its client would repeat it in an error',
  (REDIS_URL) => {
    const problems = problemsOf({ REDIS_URL })
    expect(problems[0]).toContain('REDIS_URL must be a redis:// or rediss:// URL')
    expect(problems.join()).not.toContain('planted')
  },
)

test.each([
  ['https://api.example.org/v2', '/v2'],
  ['https://api.example.org/v2/', '/v2'],
])('the base URL %s, which repeats what the paths begin with, is refused', (CAL_COM_BASE_URL, repeated) => {
  expect(problemsOf({ CAL_COM_BASE_URL })).toEqual([
    `CAL_COM_BASE_URL must leave out ${repeated}, which the paths of the API begin with`,
  ])
})

test.each(['https://example.org/gateway/v2', 'https://example.org/v20', 'https://example.org/api'])(
  'the base URL %s is taken, since an API may be below any path',
  (CAL_COM_BASE_URL) => {
    expect(problemsOf({ CAL_COM_BASE_URL })).toEqual([])
  },
)

test('a base URL of plain http leads to this machine, or the operator says that it may lead elsewhere', () => {
  const CAL_COM_BASE_URL = 'http://cal.example.org'
  expect(problemsOf({ CAL_COM_BASE_URL })).toEqual([expect.stringContaining('must be an https URL')])
  expect(problemsOf({ CAL_COM_BASE_URL, ALLOW_INSECURE_UPSTREAM: 'true' })).toEqual([])
  expect(problemsOf({ CAL_COM_BASE_URL: 'http://[::1]:5555/api' })).toEqual([])
  const others = {
    ...api,
    otherBaseUrls: ['http://files.example.org', 'https://b.example.org', 'http://[::1]'],
  }
  const read = (more: Record<string, string>) => () => readConfig(more, others)
  expect(read({})).toThrow(/^http:\/\/files\.example\.org must be an https URL: [^\n]+$/)
  expect(read({ ALLOW_INSECURE_UPSTREAM: 'true' })).not.toThrow()
  expect(problemsOf({ ALLOW_INSECURE_UPSTREAM: 'yes' })).toEqual([
    'ALLOW_INSECURE_UPSTREAM must be one of true, false',
  ])
})

test.each(['*', '*.', 'api.*.example.org', '*.*.example.org', '*example.org'])(
  'the host %s is no name',
  (ALLOWED_HOSTS) => {
    expect(problemsOf({ ALLOWED_HOSTS })).toEqual([
      expect.stringContaining('ALLOWED_HOSTS must be host names'),
    ])
  },
)

const oauth = {
  OAUTH_ISSUER: 'https://issuer.example.org',
  OAUTH_JWKS_URL: 'https://issuer.example.org/keys',
  OAUTH_AUDIENCE: 'https://mcp.example.org/mcp',
}

test.each(Object.keys(oauth))('%s is missed beside the other two', (variable) => {
  expect(problemsOf({ ...oauth, [variable]: '' })).toEqual([
    `${variable} must be an https URL, or http on a loopback address`,
  ])
  expect(problemsOf({ ...oauth, [variable]: 'http://issuer.example.org' })).toHaveLength(1)
  expect(readConfig({ ...oauth, [variable]: 'http://127.0.0.1:9/keys' }, api).oauth).not.toBe(undefined)
})

test('a secret may stand in a file, whose last line end is no part of it, but not in two places', () => {
  const folder = mkdtempSync(join(tmpdir(), 'calgate-'))
  const file = join(folder, 'secret')
  writeFileSync(file, 'held-secret\n')
  const environment = { CAL_COM_CLIENT_ID: 'cm9demo', CAL_COM_SECRET_KEY_FILE: file }
  expect(readConfig(environment, api)).toMatchObject({
    pins: { clientId: 'cm9demo' },
    secrets: { secretKey: 'held-secret' },
    shared: { secretKey: 'held-secret' },
  })
  expect(problemsOf({ ...environment, CAL_COM_SECRET_KEY: 'other' })).toEqual([
    'CAL_COM_SECRET_KEY and CAL_COM_SECRET_KEY_FILE must not both be set',
  ])
  rmSync(folder, { recursive: true })
})

describe('files of', () => {
  const folder = mkdtempSync(join(tmpdir(), 'calgate-'))
  afterAll(() => rmSync(folder, { recursive: true }))
  const write = (name: string, text: string) => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }
  const { cert, key } = createCertificate()
  const TLS_CERT_FILE = write('cert.pem', cert)
  const STATE_KEY_FILE = write('state-key', 'k'.repeat(32))
  const none = join(folder, 'none')

  it.each([
    [{ REDIS_URL: 'http://planted', STATE_KEY_FILE }, 'REDIS_URL must be a redis:// or rediss:// URL'],
    [
      { REDIS_URL_FILE: write('url', 'redis://pla%nted@127.0.0.1'), STATE_KEY_FILE },
      'REDIS_URL_FILE must be a readable file of a redis:// or rediss:// URL',
    ],
    [
      { REDIS_URL: 'redis://127.0.0.1', STATE_KEY_FILE: none },
      'STATE_KEY_FILE must be a readable file of 32 to 512 characters without spaces',
    ],
    [{ TLS_CERT_FILE, TLS_KEY_FILE: none }, 'TLS_KEY_FILE must be a readable file of a private key in PEM'],
  ])('secrets that are wrong are told once: %j', (environment, problem) => {
    expect(problemsOf(environment)).toEqual([problem])
  })

  it('keys may have the parameters of their curve first, as OpenSSL writes them', () => {
    const own = createPrivateKey(key).export({ type: 'sec1', format: 'pem' })
    const curve = '-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n'
    const TLS_KEY_FILE = write('key.pem', `${curve}${own}`)
    expect(readConfig({ TLS_CERT_FILE, TLS_KEY_FILE }, api).tls?.cert).toBe(cert)
  })
})

describe('the variables that a description names itself', () => {
  const api = readApi({
    openapi: '3.1.1',
    paths: {},
    'x-name': 'shop',
    'x-base-url': 'https://api.example.org',
    components: {
      securitySchemes: {
        key: {
          type: 'apiKey',
          in: 'header',
          name: 'X-Key',
          'x-env': { value: 'SHOP_TOKEN', prefix: 'Token ' },
        },
        login: { type: 'http', scheme: 'basic', 'x-env': { username: 'SHOP_USER', password: 'SHOP_PASS' } },
        other: { type: 'http', scheme: 'bearer' },
      },
    },
  })

  const basic = readApi({
    openapi: '3.1.0',
    info: { title: 'Shop', version: '1' },
    paths: {},
    'x-name': 'shop',
    'x-base-url': 'https://api.example.org',
    components: { securitySchemes: { login: { type: 'http', scheme: 'BASIC' } } },
  })

  it('are read instead of those by rule', () => {
    const environment = { SHOP_TOKEN: 'a', SHOP_USER: 'b', SHOP_PASS: 'c', SHOP_OTHER: 'd', SHOP_KEY: 'e' }
    expect(readConfig(environment, api).secrets).toEqual({ key: 'a', login: 'b:c', other: 'd' })
    expect(api.schemes.map(({ prefix }) => prefix)).toEqual(['Token ', 'Basic ', 'Bearer '])
  })

  it.each([
    [
      { SHOP_USER: 'a:planted', SHOP_PASS: 'c' },
      'SHOP_USER must be 1 to 512 visible ASCII characters without a colon',
    ],
    [{ SHOP_LOGIN: 'planted' }, 'SHOP_LOGIN must be a user and a password with a colon between them'],
    [{ SHOP_LOGIN: 'user:plante d' }, 'SHOP_LOGIN must be a user and a password'],
  ])('are a user and a password of HTTP Basic (RFC 7617): %j', (environment, sentence) => {
    const own = 'SHOP_LOGIN' in environment ? basic : api
    const read = () => readConfig({ ...environment, SHOP_BASE_URL: 'https://a.example.org' }, own)
    expect(read).toThrow(sentence)
    expect(read).not.toThrow('plante')
  })

  it.each(['user:password', 'user:', ':password', 'user:pass:word'])('of HTTP Basic may be %s', (value) => {
    expect(readConfig({ SHOP_LOGIN: value }, basic).secrets).toEqual({ login: value })
  })

  it('go together where they are one credential', () => {
    expect(() => readConfig({ SHOP_USER: 'b' }, api)).toThrow(
      'SHOP_PASS must be set too: SHOP_USER and SHOP_PASS are one credential',
    )
  })
})

test.each(['/', '//@', '//a', '"//'])('a message with many %s is made in time', (part) => {
  const begin = process.threadCpuUsage()
  expect(new ConfigError([`${part.repeat(20_000)}//a?planted`]).message).not.toContain('planted')
  const { user, system } = process.threadCpuUsage(begin)
  // Microseconds.
  expect(user + system).toBeLessThan(1_000_000)
})
