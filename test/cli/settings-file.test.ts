import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { CommandError } from '../../src/cli/command.ts'
import { readServedDescriptions, readSettings, type ServeOptions } from '../../src/cli/served.ts'
import { readSettingsFile } from '../../src/cli/settings-file.ts'
import { ConfigError, readConfig } from '../../src/config/config.ts'
import { createSettingsSchema } from '../../src/config/settings-schema.ts'
import { loadFiles } from '../../src/description/files.ts'
import { readApi } from '../../src/document/api.ts'
import { readDocument } from '../../src/document/document.ts'
import { createGateway } from '../../src/index.ts'
import { describeApi } from '../description/loading.ts'
import { createContext, runCommand } from './run-command.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'calgate-settings-'))
  for (const [name, scheme] of [
    ['petstore.json', 'api_key'],
    ['bookings.json', 'token'],
  ] as const)
    writeFileSync(
      join(folder, name),
      JSON.stringify({
        ...describeApi({ [`/${scheme}`]: { get: {} } }, { security: [{ [scheme]: [] }] }),
        components: { securitySchemes: { [scheme]: { type: 'apiKey', in: 'header', name: scheme } } },
      }),
    )
  writeFileSync(join(folder, 'secret'), 'planted-petstore')
})
afterAll(() => rmSync(folder, { recursive: true }))

function read(text: string) {
  const path = join(folder, 'calgate.yaml')
  writeFileSync(path, text)
  return readSettingsFile(path)
}

/** The problems that keep a file from being read. */
function tell(text: string): string[] {
  try {
    read(text)
  } catch (error) {
    if (error instanceof CommandError) return error.message.replaceAll(`${folder}/`, '').split('\n')
    throw error
  }
  return []
}

/** The configuration of a file before an environment, of the shipped API or of the descriptions that it names. */
async function configure(text: string, environment: Record<string, string> = {}) {
  const file = read(text)
  const loaded = file.files.length > 0 ? await loadFiles(file.files, file.options) : undefined
  const document = loaded?.document ?? readDocument()
  const api = readApi(document)
  const applied = file.apply(environment, api)
  try {
    return { document, config: readConfig(applied, api, file.findProblems(applied, api)) }
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return {
      document,
      problems: file.locate(error, api, applied).map((one) => one.replace(`${folder}/`, '')),
    }
  }
}

describe('calgate.yaml', () => {
  it('gives each API its address, prefix and credential', async () => {
    const { document, config } = await configure(
      [
        'descriptions:',
        '  - { file: petstore.json, baseUrl: "https://p.example.org", prefix: /pets, credentials: { api_key: file:secret } }',
        '  - { file: bookings.json, baseUrl: "https://b.example.org", credentials: { token: env:TOKEN } }',
        'restPort: 8081',
        'rateLimit: 600/min',
        'allowedHosts: [localhost]',
      ].join('\n'),
      { TOKEN: 'planted-bookings' },
    )
    expect(config).toMatchObject({ restPort: 8081, rateLimit: { calls: 600, window: 60_000 } })
    expect(Object.values(config?.secrets ?? {})).toEqual(['planted-petstore', 'planted-bookings'])
    expect(config?.allowedHosts).toEqual(['localhost'])
    expect(document.paths).toMatchObject({ '/api_key': { get: { 'x-rest-path': '/pets/api_key' } } })
  })

  it('is about the shipped API where an entry names no file', async () => {
    const { config } = await configure(
      'descriptions: [{ baseUrl: "https://cal.example.org/api", credentials: { secretKey: file:secret }, pins: { clientId: cm9demo } }]',
    )
    expect(config).toMatchObject({
      baseUrl: 'https://cal.example.org/api',
      secrets: { secretKey: 'planted-petstore' },
      pins: { clientId: 'cm9demo' },
    })
  })

  it('gives way to the environment, a file of a credential included', async () => {
    const text = 'restPort: 8081\ndescriptions: [{ credentials: { secretKey: file:secret } }]'
    const { config } = await configure(text, { REST_PORT: '8082', CAL_COM_SECRET_KEY: 'planted-own' })
    expect(config).toMatchObject({ restPort: 8082, secrets: { secretKey: 'planted-own' } })
  })

  it('gives way to options', async () => {
    const path = join(folder, 'calgate.yaml')
    writeFileSync(path, 'descriptions: [{ file: gone.json }]\ntags: [None]')
    const { stderr } = await runCommand('serve', join(folder, 'none.json'), '--config', path)
    expect(stderr).toContain('none.json cannot be read')
  })

  it('tells every wrong value at once, by its line', async () => {
    const { problems } = await configure('restPort: 99999\n\nlogLevel: loud\nhost: 127.0.0.1\n')
    expect(problems).toEqual([
      'calgate.yaml:1: restPort must be an integer from 0 to 65535',
      'calgate.yaml:3: logLevel must be one of trace, debug, info, warn, error, fatal, silent',
    ])
  })

  it('tells wrong names, credentials without a value and wrong values at once', async () => {
    const text = [
      'descriptions:',
      '  - file: petstore.json',
      '    baseUrl: https://p.example.org',
      '    credentials: { api_kee: env:NONE, api_key: env:NONE }',
      '    pins: { tenant: a }',
      'mcpPort: 99999',
      'gatewayKeysFile: none',
    ]
    const { problems } = await configure(text.join('\n'))
    expect(problems).toEqual([
      'calgate.yaml:4: descriptions.0.credentials.api_kee is no security scheme of the API; expected one of api_key',
      'calgate.yaml:5: descriptions.0.pins.tenant is no parameter that can be pinned; expected nothing there',
      'calgate.yaml:4: descriptions.0.credentials.api_kee is env:NONE; expected that variable to be set',
      'calgate.yaml:4: descriptions.0.credentials.api_key is env:NONE; expected that variable to be set',
      'calgate.yaml:6: mcpPort must be an integer from 0 to 65535',
      'calgate.yaml:7: gatewayKeysFile: must be a readable file of keys',
    ])
    const descriptions = [{ document: describeApi({ '/a': { get: {} } }), credentials: { kee: 'a' } }]
    const program = createGateway({ descriptions, mcpPort: 99_999 })
    await expect(program).rejects.toThrow(/kee is no security scheme.*\n.*baseUrl must be set.*\n.*mcpPort/s)
  })

  it('tells names that nothing has, and files that cannot be read, by its lines', async () => {
    const path = join(folder, 'calgate.yaml')
    const run = async (lines: readonly string[]) => {
      writeFileSync(path, lines.join('\n'))
      const { stderr } = await runCommand('serve', '--config', path)
      return stderr.replaceAll(`${folder}/`, '').split('\n')
    }
    const described = ['descriptions: [{ file: petstore.json }]']
    const names = [
      'tags: [Pets]',
      'operations:',
      '  - get_api_kee',
      'exclude: [none]',
      'serverVariables: { a: b }',
    ]
    const what = 'selects no operation; expected'
    expect(await run([...described, ...names])).toEqual([
      `calgate.yaml:2: error: "Pets" ${what} a tag, an operationId, a tool or GET /path`,
      `calgate.yaml:4: error: "get_api_kee" ${what} get_api_key`,
      `calgate.yaml:5: error: "none" ${what} a tag, an operationId, a tool or GET /path`,
      'calgate.yaml:6: error: "a" is a variable of no server that is used; expected no --server-variable',
      'petstore.json:1: warning: no server is named; expected --base-url with the address of the API',
      'nothing is served until these problems are mended',
    ])
    expect(await run(['operations:', '  - get-managed-usr'])).toEqual([
      `calgate.yaml:2: "get-managed-usr" ${what} get-managed-user`,
    ])
    const files = [
      'descriptions:',
      '  - file: none.json',
      '  - file: petstore.json',
      'overlays:',
      '  - none.yaml',
    ]
    expect(await run([...files, 'schemas: [.]'])).toEqual([
      'calgate.yaml:2: none.json cannot be read (ENOENT)',
      'calgate.yaml:5: none.yaml cannot be read (ENOENT)',
      expect.stringMatching(/^calgate\.yaml:6: .* cannot be read \(EISDIR\)$/),
    ])
  })

  it('that is JSON is refused with a key that stands twice, as YAML is', () => {
    const told = [expect.stringMatching(/^calgate\.yaml:2: Map keys must be unique/)]
    expect(tell('{"restPort": 8081,\n"restPort": 8082}')).toEqual(told)
    expect(tell('restPort: 8081\nrestPort: 8082')).toEqual(told)
  })

  it('tells every wrong member at once, by its line, and never a secret', () => {
    const text =
      'restprot: 1\ndescriptions:\n  - file: 4\n    credentials:\n      key: planted-secret\nreadOnly: maybe\n'
    expect(tell(text)).toEqual([
      'calgate.yaml:1: restprot is no setting; expected restPort',
      'calgate.yaml:3: descriptions.0.file is a number; expected a text: Capability or OpenAPI document; without one, what calgate ships with',
      'calgate.yaml:5: descriptions.0.credentials.key has another form; expected `file:PATH` or `env:VARIABLE`: where the value is, never the value',
      'calgate.yaml:6: readOnly is a text; expected true or false: Whether only operations that change nothing are served',
    ])
  })

  it.each([
    ['- a', 'the file is a list; expected a map'],
    ['a: [', 'expected well-formed YAML'],
    ['colour: red', 'colour is no setting; expected a setting that docs/configuration.md lists'],
    ['descriptions: [{ files: a }]', 'descriptions.0.files is no setting; expected one of file, baseUrl, '],
    [
      'descriptions: [{ credentials: planted-secret }]',
      'descriptions.0.credentials is a text; expected a map',
    ],
    ['descriptions: [{ baseUrl: "ftp://a" }]', 'expected address of the API, an http or https URL without'],
    ['descriptions: [{ file: a.yaml, prefix: v1 }]', 'expected path such as /pets that stands before'],
    [
      'descriptions: [{ prefix: /v1 }]',
      'descriptions.0.prefix is about the file of a description; expected file',
    ],
    [
      'descriptions: [{ file: a.yaml }, {}]',
      'descriptions.1 has no file; expected one: what calgate ships with',
    ],
    ['restPort: ', 'restPort is empty; expected a whole number: Port of the REST server (REST_PORT)'],
    ['rateLimit: 600', 'rateLimit is a number; expected a text: Calls of each client, both servers'],
    [
      'allowReferences: [foo]',
      'allowReferences.0 has another form; expected beginning of a URL, or of a whole path',
    ],
    ['allowedHosts: 4', 'allowedHosts is a number; expected a list or a text: More names'],
  ])('%j is told with what is right', (text, message) => {
    const [told, ...others] = tell(text)
    expect([told, others]).toEqual([expect.stringMatching(/^calgate\.yaml:1: [^;]+; expected \S/), []])
    expect(told).toContain(message)
    expect(told).not.toContain('planted')
  })

  it.each([
    ['*planted', 'the alias has no anchor before it'],
    ['&planted *planted', 'An alias node must not specify any properties'],
    ['!planted!secret x', 'Could not resolve tag'],
    ['|planted', 'Block scalar header includes extra characters'],
    ['"\\uplanted"', 'Invalid escape sequence'],
    ['@planted', 'Plain value cannot start with reserved character @'],
  ])('that is no YAML repeats nothing of a secret %s', (value, message) => {
    for (const text of [value, `a: ${value}`]) {
      const told = tell(text)
      expect(told[0]).toBe(`calgate.yaml:1: ${message}; expected well-formed YAML`)
      expect(told.join()).not.toMatch(/plant|upla/)
    }
  })

  it('names a variable that is not set', async () => {
    const { problems } = await configure('descriptions: [{ credentials: { secretKey: env:NONE } }]').catch(
      (error: ConfigError) => error,
    )
    expect(problems?.[0]).toContain(
      'descriptions.0.credentials.secretKey is env:NONE; expected that variable to be set',
    )
  })

  it.each([
    [
      'credentials: { secretkey: file:secret }',
      'is no security scheme of the API; expected one of secretKey, apiKey',
    ],
    ['pins: { clientid: cm9demo }', 'is no parameter that can be pinned; expected one of clientId'],
  ])('tells %s, which nothing would read', async (member, message) => {
    const { problems } = await configure(`descriptions: [{ ${member} }]`).catch((error: ConfigError) => error)
    expect(problems).toEqual([expect.stringContaining(message)])
    const own = parse(`{ ${member.replace('file:', '')} }`)
    await expect(createGateway({ descriptions: [own] })).rejects.toThrow(message)
  })

  it('gives descriptions of one name each its own address and credential', async () => {
    const pinned = { name: 'tenant', in: 'query', 'x-pin': {}, schema: { type: 'string' } }
    const describe = (path: string, environment: object) =>
      describeApi(
        { [path]: { get: { security: [{ key: [] }], parameters: [pinned] } } },
        { components: { securitySchemes: { key: { type: 'http', scheme: 'bearer', ...environment } } } },
      )
    const list = (more: (name: string) => string) =>
      `descriptions:\n${['one', 'two'].map((name) => `  - { file: ${name}/api.json, baseUrl: "https://${name}.example.org", ${more(name)} }\n`).join('')}`
    for (const name of ['one', 'two']) mkdirSync(join(folder, name), { recursive: true })
    for (const named of [() => ({}), (name: string) => ({ 'x-env': { value: `TOKEN_OF_${name}` } })]) {
      const documents = ['one', 'two'].map((name) => describe(`/${name}`, named(name)))
      for (const [index, document] of documents.entries())
        writeFileSync(join(folder, index === 0 ? 'one' : 'two', 'api.json'), JSON.stringify(document))
      const { document, config } = await configure(
        list((name) => `credentials: { key: env:${name} }`),
        { one: 'planted-one', two: 'planted-two' },
      )
      expect(config?.secrets).toEqual({ key: 'planted-one', 'key_api-2': 'planted-two' })
      expect(document).toMatchObject({
        'x-base-url': 'https://one.example.org',
        paths: {
          '/two': { get: { 'x-base-url': 'https://two.example.org', security: [{ 'key_api-2': [] }] } },
        },
      })
      for (const [key, member] of [
        ['pins.tenant', (name: string) => `pins: { tenant: ${name} }`],
        ['caFile', (name: string) => `caFile: ${name}.pem`],
      ] as const) {
        const problem = `descriptions.1.${key} and descriptions.0.${key} are one setting, API_`
        const { problems } = await configure(list(member)).catch((error: ConfigError) => error)
        expect(problems?.filter((one) => !one.endsWith('of PEM certificates'))).toEqual([
          expect.stringContaining(`calgate.yaml:3: ${problem}`),
        ])
        const descriptions = documents.map((document, index) => ({
          document,
          ...parse(`{ ${member(`of-${index}`)} }`),
        }))
        await expect(createGateway({ descriptions })).rejects.toThrow(problem)
        const same = await configure(list(() => member('both')))
        expect(String(same.problems)).not.toContain('one setting')
      }
    }
  })

  it('gives a user and a password with variables of their own as one credential, as a program does', async () => {
    const environment = { username: 'SHOP_USER', password: 'SHOP_PASSWORD' }
    const basic = { type: 'http', scheme: 'basic', 'x-env': environment }
    const shop = describeApi(
      { '/a': { get: {} } },
      { security: [{ login: [] }], components: { securitySchemes: { login: basic } } },
    )
    writeFileSync(join(folder, 'shop.json'), JSON.stringify(shop))
    writeFileSync(join(folder, 'login'), 'ada:planted-login')
    const described = (credential: string) =>
      `descriptions:\n  - { file: shop.json, baseUrl: "https://shop.example.org", credentials: { login: ${credential} } }`
    const other = '\n  - { file: petstore.json, baseUrl: "https://p.example.org" }'
    const variables = { LOGIN: 'ada:planted-login' }
    const read = async (text: string, own = {}) => {
      const { config, problems } = await configure(text, { ...variables, ...own })
      return config?.secrets ?? problems
    }
    expect(await read(described('file:login'))).toEqual({ login: 'ada:planted-login' })
    expect(await read(described('env:LOGIN'))).toEqual({ login: 'ada:planted-login' })
    expect(await read(described('env:LOGIN') + other)).toEqual({ login: 'ada:planted-login' })
    expect(await read(described('env:LOGIN'), { SHOP_USER: 'bob', SHOP_PASSWORD: 'own' })).toEqual({
      login: 'bob:own',
    })
    expect(await read(described('file:secret'))).toEqual([
      expect.stringMatching(
        /^calgate\.yaml:2: descriptions\.0\.credentials\.login must be a readable file of a user and a/,
      ),
    ])
    const descriptions = (login: string) => [
      { document: shop, baseUrl: 'https://shop.example.org', credentials: { login } },
    ]
    await (await createGateway({ descriptions: descriptions('ada:planted-login') })).close()
    await expect(createGateway({ descriptions: descriptions('ada') })).rejects.toThrow(
      /^descriptions\.0\.credentials\.login must be a user and a password with a colon/,
    )
  })

  it('takes no credential of one description for another', async () => {
    const { problems } = await configure(
      'descriptions:\n  - file: petstore.json\n  - { file: bookings.json, credentials: { api_key: file:secret } }',
    ).catch((error: ConfigError) => error)
    expect(problems).toEqual([
      expect.stringContaining('credentials.api_key is no security scheme of the API'),
      'API_BASE_URL or --base-url must be set to the address of the API',
    ])
  })

  it('blames the setting of a file for what the file has, and nothing else for it', async () => {
    const text = 'restPort: 8081\nmcpPort: 99999\ndescriptions: [{ credentials: { secretKey: file:none } }]'
    const { problems } = await configure(text, { REST_PORT: 'x' })
    expect(problems).toEqual([
      'calgate.yaml:3: descriptions.0.credentials.secretKey must be a readable file of 1 to 512 visible ASCII characters',
      'REST_PORT must be an integer from 0 to 65535',
      'calgate.yaml:2: mcpPort must be an integer from 0 to 65535',
    ])
  })

  it('takes an empty setting for its default', async () => {
    const { config } = await configure('host: ""\nlogLevel: ""')
    expect(config).toMatchObject({ host: '127.0.0.1', logLevel: 'info' })
  })

  it('lets a mock stand in for the credentials that it names', async () => {
    const path = join(folder, 'calgate.yaml')
    writeFileSync(path, 'descriptions: [{ credentials: { secretKey: file:secret } }]')
    const { code, stdout } = await runCommand(
      'call',
      'get-managed-user',
      'userId=4711',
      '--mock',
      '--config',
      path,
    )
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^id +4711$/m)])
  })
})

describe('calgate.yaml, where files are named in place of its descriptions,', () => {
  const text = (first: string, second: string, more = '') =>
    `descriptions:\n  - { file: petstore.json, ${first} }\n  - { file: bookings.json, ${second} }\n${more}`
  /** The configuration that a command has of one file. */
  async function serve(name: string, settings: string, flags: ServeOptions = {}) {
    const config = join(folder, 'calgate.yaml')
    writeFileSync(config, settings)
    const { context } = createContext({ TOKEN: 'planted-token' })
    const options = { config, baseUrls: ['https://api.example.org'], ...flags }
    const { document, environment, file } = await readServedDescriptions(
      [join(folder, name)],
      options,
      context,
    )
    return readSettings(environment, readApi(document), file)
  }

  it('says nothing of the others', async () => {
    const both = text('credentials: { api_key: file:secret }', 'credentials: { token: env:TOKEN }')
    expect((await serve('petstore.json', both)).secrets).toEqual({ api_key: 'planted-petstore' })
    expect((await serve('bookings.json', both)).secrets).toEqual({ token: 'planted-token' })
    mkdirSync(join(folder, 'copies'), { recursive: true })
    copyFileSync(join(folder, 'petstore.json'), join(folder, 'copies/petstore.json'))
    expect((await serve('copies/petstore.json', both)).secrets).toEqual({})
    const certificates = text('baseUrl: "https://p.test"', 'caFile: gone.crt')
    expect((await serve('petstore.json', certificates)).ca).toBeUndefined()
    const unset = text('baseUrl: "https://p.test"', 'credentials: { tokn: env:TOKEN }')
    await expect(serve('bookings.json', unset)).rejects.toThrow(
      /calgate\.yaml:3: descriptions\.1\.credentials\.tokn is no security scheme of the API; expected one of token/,
    )
  })

  it('may have names of theirs, and an option may not', async () => {
    const [pets, bookings] = ['baseUrl: "https://p.test"', 'baseUrl: "https://b.test"']
    const names = 'serverVariables: { region: b }\nexclude: [getBooking]\ntags: [bookings]'
    const some = text(pets, bookings, names)
    await expect(serve('petstore.json', some)).rejects.toThrow('nothing is served')
    expect(await serve('petstore.json', some.replace(/\ntags.*/, ''))).toMatchObject({ secrets: {} })
    const one = `descriptions: [{ file: petstore.json }]\n${names}`
    await expect(serve('petstore.json', one)).rejects.toThrow('nothing is served')
    await expect(serve('petstore.json', some, { serverVariables: ['stge=b'] })).rejects.toThrow(
      'nothing is served',
    )
  })
})

describe('docs/configuration.md', () => {
  it('shows a file that keeps to the schema, with members that there are', () => {
    const page = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8')
    const shown = /^```yaml\n(.*?)^```/ms.exec(page)?.[1] ?? ''
    const { properties } = Object(createSettingsSchema())
    expect(() => read(shown)).not.toThrow()
    expect(Object.keys(parse(shown)).filter((name) => !Object.hasOwn(properties, name))).toEqual([])
  })
})
