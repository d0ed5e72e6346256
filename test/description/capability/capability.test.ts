import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { readCapability } from '../../../src/description/capability/capability.ts'
import { deriveDocument } from '../../../src/description/capability/derivation.ts'

const sound = `naftiko: 1.0.0-alpha2
info: { label: Gists, description: Gists of a user }
binds:
- keys: { TOKEN: TOKEN }
capability:
  consumes:
  - type: http
    namespace: gists
    authentication: { type: bearer, token: '{{env.TOKEN}}' }
    resources:
    - path: /gists/{gistId}
      operations:
      - name: getgist
        method: GET
        inputParameters:
        - { name: gistId, in: path, type: string, required: true }
  exposes:
  - type: rest
    namespace: gists-rest
    port: 8080
    resources:
    - path: /v1/gists/{gist-id}
      operations:
      - method: GET
        call: gists.getgist
        with: { gistId: rest.gistId }
  - type: mcp
    namespace: gists-mcp
    port: 9090
    tools:
    - name: get-gist
      call: gists.getgist
      with: { gistId: tools.gistId }
`

/** Reads the sound capability with one text in it replaced, and gives each problem as `line: message; expected`. */
function problemsWith(found: string, replacement: string): string[] {
  expect(sound).toContain(found)
  const { capability, problems } = readCapability(sound.replace(found, replacement), 'gists.yaml')
  expect(capability === undefined).toBe(problems.some(({ severity }) => severity === 'error'))
  return problems.map(({ file, line, message, expected }) => `${file}:${line}: ${message}; ${expected}`)
}

test('a sound capability has no problems, and its variables match ignoring case and separators', () => {
  const { capability, problems } = readCapability(sound, 'gists.yaml')
  expect([capability?.info.label, problems]).toEqual(['Gists', []])
})

test.each([
  [
    'an unknown call target',
    'call: gists.getgist\n        with',
    'call: gists.getgits\n        with',
    ['gists.yaml:25: the call target "gists.getgits" does not exist; one of gists.getgist'],
  ],
  [
    'an unbound path variable',
    '{ gistId: rest.gistId }',
    '{}',
    [
      'gists.yaml:26: the required parameter "gistId" of "gists.getgist" is bound to nothing; gistId: rest.gistId',
      'gists.yaml:26: the path variable "{gist-id}" of /v1/gists/{gist-id} is bound to nothing; a binding to rest.gist-id',
    ],
  ],
  [
    'a path parameter that is no variable',
    'path: /gists/{gistId}',
    'path: /gists',
    ['gists.yaml:16: "gistId" is no variable of /gists; nothing there'],
  ],
  [
    'a binding to a parameter that does not exist',
    'with: { gistId: tools.gistId }',
    'with: { gistId: tools.gistId, page: tools.page }',
    ['gists.yaml:33: "page" is no parameter of "gists.getgist"; one of gistId'],
  ],
  [
    'a binding from the wrong surface',
    'tools.gistId',
    'rest.gistId',
    ['gists.yaml:33: "rest.gistId" is no tools argument; tools.NAME'],
  ],
  [
    'another method than that of the target',
    '- method: GET\n        call',
    '- method: PUT\n        call',
    ['gists.yaml:24: PUT calls an operation that is GET; GET'],
  ],
  [
    'a duplicate tool',
    '    - name: get-gist',
    '    - { name: get-gist, call: gists.getgist, with: { gistId: tools.gistId } }\n    - name: get-gist',
    ['gists.yaml:32: the tool "get-gist" stands twice; it once'],
  ],
  [
    'a missing key',
    '    port: 8080\n',
    '',
    ['gists.yaml:18: the key "port" is missing; the key with a value'],
  ],
  [
    'a key of the wrong type',
    'port: 9090',
    'port: ninety',
    ['gists.yaml:29: capability.exposes.1.port is "ninety"; a whole number'],
  ],
  [
    'a port beyond the last one',
    'port: 9090',
    'port: 70000',
    ['gists.yaml:29: capability.exposes.1.port is 70000; a value <= 65535'],
  ],
  [
    'an empty name',
    'namespace: gists\n',
    "namespace: ''\n",
    ['gists.yaml:8: capability.consumes.0.namespace is ""; a text that is not empty'],
  ],
  [
    'a method there is none of',
    'method: GET\n        input',
    'method: FETCH\n        input',
    [
      'gists.yaml:14: capability.consumes.0.resources.0.operations.0.method is "FETCH"; one of GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS',
    ],
  ],
  [
    'a binding of a REST operation from the wrong surface',
    'rest.gistId',
    'tools.gistId',
    [
      'gists.yaml:26: "tools.gistId" is no rest argument; rest.NAME',
      'gists.yaml:26: the path variable "{gist-id}" of /v1/gists/{gist-id} is bound to nothing; a binding to rest.gist-id',
    ],
  ],
  [
    'a binding of a REST operation to a parameter that does not exist',
    'with: { gistId: rest.gistId }',
    'with: { gistId: rest.gistId, page: rest.page }',
    ['gists.yaml:26: "page" is no parameter of "gists.getgist"; one of gistId'],
  ],
  [
    'a required parameter that a tool leaves unbound',
    'with: { gistId: tools.gistId }',
    'with: {}',
    [
      'gists.yaml:33: the required parameter "gistId" of "gists.getgist" is bound to nothing; gistId: tools.gistId',
    ],
  ],
  [
    'an unbound parameter named like a member of every object',
    '- { name: gistId, in: path, type: string, required: true }',
    '- { name: gistId, in: path, type: string }\n        - { name: toString, in: query, type: string, required: true }',
    [
      'gists.yaml:27: the required parameter "toString" of "gists.getgist" is bound to nothing; toString: rest.toString',
      'gists.yaml:34: the required parameter "toString" of "gists.getgist" is bound to nothing; toString: tools.toString',
    ],
  ],
  [
    'a parameter that stands twice',
    '        - { name: gistId,',
    '        - { name: gistId, in: path, type: string }\n        - { name: gistId,',
    ['gists.yaml:17: the parameter "path gistId" stands twice; it once'],
  ],
  [
    'a header that stands twice, in another case',
    '        - { name: gistId,',
    '        - { name: X-Id, in: header, type: string }\n        - { name: x-id, in: header, type: string }\n        - { name: gistId,',
    ['gists.yaml:17: the parameter "header x-id" stands twice; it once'],
  ],
  [
    'a place there is none of',
    'in: path',
    'in: matrix',
    [
      'gists.yaml:16: capability.consumes.0.resources.0.operations.0.inputParameters.0.in is "matrix"; one of path, query, header, cookie, body',
    ],
  ],
  [
    'a surface of an unknown type',
    '- type: mcp',
    '- type: grpc',
    ['gists.yaml:27: the type "grpc" is not supported; one of rest, mcp'],
  ],
  [
    'a tool name that no client takes',
    'name: get-gist',
    'name: get gist',
    [
      expect.stringMatching(
        /^gists\.yaml:31: capability\.exposes\.1\.tools\.0\.name is "get gist"; a text that matches/,
      ),
    ],
  ],
  [
    'a list where a map belongs',
    'info: { label: Gists, description: Gists of a user }',
    'info: [Gists]',
    ['gists.yaml:2: info is a list; a map'],
  ],
  [
    'an alias without an anchor',
    'type: string, required: true',
    'type: *text, required: true',
    ['gists.yaml:16: the alias *text has no anchor before it; well-formed YAML'],
  ],
  [
    'a duplicate key',
    'label: Gists,',
    'label: Gists, label: Stars,',
    ['gists.yaml:2: Map keys must be unique; well-formed YAML'],
  ],
  [
    'text that is no YAML',
    'port: 9090',
    'port: [9090',
    [
      expect.stringMatching(
        /^gists\.yaml:\d+: Flow sequence in block collection must be .*; well-formed YAML$/,
      ),
    ],
  ],
])(
  '%s is named with its line and what was expected, and nothing else is',
  (_title, found, replacement, problems) => {
    expect(problemsWith(found, replacement)).toEqual(problems)
  },
)

test('a route that stands twice is one, whatever its variable is called', () => {
  const route = `    - path: /v1/gists/{gistid}
      operations: [{ method: GET, call: gists.getgist, with: { gistId: rest.gistid } }]
    - path: /v1/gists/{gist-id}`
  expect(problemsWith('    - path: /v1/gists/{gist-id}', route)).toEqual([
    'gists.yaml:26: the route GET /v1/gists/{gist-id} stands twice and is served once, as that of line 23; it once',
  ])
})

test('a route that stands twice for different requests is left to the first, with both places', () => {
  const stars = `    - path: /gists/{gistId}/stars
      operations: [{ name: getstars, method: GET }]
  exposes:`
  const route = `    - path: /v1/gists/{gistid}
      operations: [{ method: GET, call: gists.getstars }]
    - path: /v1/gists/{gist-id}`
  const text = sound.replace('  exposes:', stars).replace('    - path: /v1/gists/{gist-id}', route)
  const { problems } = readCapability(text, 'gists.yaml')
  expect(problems.map(({ line, message, severity }) => `${line}: ${severity}: ${message}`)).toEqual([
    '28: omission: the route GET /v1/gists/{gist-id} is left out: it is that of line 25, which sends another request',
  ])
})

test('two operations with equal requests are told with both places', () => {
  const twice = `      - name: readgist
        method: GET
        inputParameters: [{ name: gistId, in: path, type: string, required: true }]
      - name: getgist`
  expect(problemsWith('      - name: getgist', twice)).toEqual([
    'gists.yaml:17: GET /gists/{gistId} sends the same request as the operation of line 14; it once',
  ])
})

test.each(['{{TOKEN}}', '{{ env.TOKEN }}', 'Bearer {{env.TOKEN}}'])('%s uses a variable', (use) => {
  const { problems } = readCapability(sound.replace('{{env.TOKEN}}', use), 'gists.yaml')
  expect(problems).toEqual([])
})

test('a variable whose name only looks like a pattern is used by nothing', () => {
  const { problems } = readCapability(sound.replace('{ TOKEN: TOKEN }', "{ 'T(': TOKEN }"), 'gists.yaml')
  expect(problems.map(({ message }) => message)).toEqual(['the variable "T(" is used nowhere in this file'])
})

test('a variable that nothing uses is a warning, not a refusal', () => {
  const { capability, problems } = readCapability(sound.replace('env.TOKEN', 'env.OTHER'), 'gists.yaml')
  expect(capability).toBeDefined()
  expect(problems).toEqual([
    {
      file: 'gists.yaml',
      line: 4,
      column: 18,
      message: 'the variable "TOKEN" is used nowhere in this file',
      expected: 'a use such as {{env.TOKEN}}',
      severity: 'warning',
    },
  ])
})

test('every problem is reported at once', () => {
  const broken = sound.replaceAll('call: gists.getgist', 'call: gists.nothing').replace('{gistId}', '{other}')
  expect(readCapability(broken, 'gists.yaml').problems.map(({ line }) => line)).toEqual([16, 25, 32])
})

test('a mistake of form hides no other problem', () => {
  const broken = sound
    .replace('    port: 8080\n', '')
    .replace('tools.gistId', 'rest.gistId')
    .replace('env.TOKEN', 'env.OTHER')
  expect(
    readCapability(broken, 'gists.yaml').problems.map(({ line, message }) => `${line}: ${message}`),
  ).toEqual([
    '4: the variable "TOKEN" is used nowhere in this file',
    '18: the key "port" is missing',
    '32: "rest.gistId" is no tools argument',
  ])
})

test('a mistake in what comes before the capability hides nothing in it', () => {
  const broken = sound
    .replace('naftiko: 1.0.0-alpha2', 'naftiko: 2.0.0')
    .replace('binds:\n- keys: { TOKEN: TOKEN }', 'binds: TOKEN')
    .replace('tools.gistId', 'rest.gistId')
  expect(readCapability(broken, 'gists.yaml').problems.map(({ line, message }) => [line, message])).toEqual([
    [1, 'naftiko is "2.0.0"'],
    [3, 'binds is "TOKEN"'],
    [32, '"rest.gistId" is no tools argument'],
  ])
})

test.each(['', '# nothing\n', '[]', 'gists'])('%j is no capability', (text) => {
  const { capability, problems } = readCapability(text, 'gists.yaml')
  expect(capability).toBeUndefined()
  expect(problems).toMatchObject([{ line: 1, expected: 'a map', severity: 'error' }])
})

describe('the shipped capability', () => {
  const shipped = readFileSync(new URL('../../../openapi/capability.yaml', import.meta.url), 'utf8')
  const runs = { numRuns: 50, seed: 1 }

  /** What every reading must hold, whatever was read. */
  function expectResult(text: string): void {
    const { capability, problems } = readCapability(text, 'capability.yaml')
    const errors = problems.filter(({ severity }) => severity === 'error')
    expect(capability === undefined).toBe(errors.length > 0)
    const last = Math.max(text.trimEnd().split('\n').length, 1)
    for (const { line, message, expected } of problems) {
      expect(line).toBeGreaterThanOrEqual(1)
      expect(line).toBeLessThanOrEqual(last)
      expect([message, expected]).not.toContain('')
    }
    if (capability) expect(() => deriveDocument(capability)).not.toThrow()
  }

  test('has no error, and one variable that nothing in the file uses', () => {
    const { problems } = readCapability(shipped, 'capability.yaml')
    expect(problems.map(({ severity, message }) => `${severity}: ${message}`)).toEqual([
      'warning: the variable "CAL_COM_API_KEY" is used nowhere in this file',
    ])
  })

  test('gets a result with any of its nodes dropped or replaced', () => {
    const value: unknown = readCapability(shipped, 'capability.yaml').capability
    const places = listPlaces(value)
    const odd = fc.oneof(
      fc.constantFrom<unknown>(undefined, null, '', 0, -1, true, [], {}, [null], { 0: 0 }, { '': [[]] }),
      fc.jsonValue({ maxDepth: 2 }),
      fc.constantFrom(...places).map((place) => place.reduce<unknown>(readMember, value)),
    )
    const mutation = fc.record({ place: fc.constantFrom(...places), replacement: odd })
    fc.assert(
      fc.property(fc.array(mutation, { minLength: 1, maxLength: 4 }), (mutations) => {
        const mutant: unknown = structuredClone(value)
        for (const { place, replacement } of mutations) {
          const parent = place.slice(0, -1).reduce<unknown>(readMember, mutant)
          if (typeof parent !== 'object' || parent === null) continue
          if (replacement === undefined) Reflect.deleteProperty(parent, place.at(-1) ?? '')
          else Reflect.set(parent, place.at(-1) ?? '', structuredClone(replacement))
        }
        expectResult(stringify(mutant, { aliasDuplicateObjects: false }))
      }),
      runs,
    )
  })

  test('gets a result with any piece of its text cut out or written over', () => {
    const piece = fc.constantFrom(
      '',
      '\n',
      ': ',
      '- ',
      '{',
      ']',
      '"',
      "'",
      '&a ',
      '*a',
      '!x ',
      '\t',
      '#',
      '|',
      '%',
    )
    const cut = fc.tuple(fc.nat(shipped.length), fc.nat(40), piece)
    fc.assert(
      fc.property(fc.array(cut, { minLength: 1, maxLength: 3 }), (cuts) => {
        const text = cuts.reduce(
          (rest, [at, length, insert]) => rest.slice(0, at) + insert + rest.slice(at + length),
          shipped,
        )
        expectResult(text)
      }),
      runs,
    )
  })
})

/** The paths of all nodes below a value. */
function listPlaces(value: unknown, place: readonly string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, one]) => [
    [...place, name],
    ...listPlaces(one, [...place, name]),
  ])
}

function readMember(place: unknown, name: string): unknown {
  return typeof place === 'object' && place !== null ? Reflect.get(place, name) : undefined
}
