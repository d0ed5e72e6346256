import { expect, test } from 'vitest'
import { readCapability } from '../../src/contract/capability.ts'

const sound = `naftiko: 1.0.0-alpha2
info: { label: Gists, description: Gists of a user }
binds:
- keys: { TOKEN: TOKEN }
capability:
  consumes:
  - type: http
    namespace: gists
    authentication: { token: '{{env.TOKEN}}' }
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
    'a variable that no input parameter declares',
    'path: /gists/{gistId}',
    'path: /gists/{gistId}/{page}',
    [
      'gists.yaml:13: the path variable "{page}" of /gists/{gistId}/{page} is no input parameter of "getgist"; an input parameter "page" in path',
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
    ['gists.yaml:29: capability.exposes.1.port is "ninety"; must be integer'],
  ],
  [
    'a method there is none of',
    'method: GET\n        input',
    'method: FETCH\n        input',
    [
      'gists.yaml:14: capability.consumes.0.resources.0.operations.0.method is "FETCH"; one of GET, POST, PUT, PATCH, DELETE',
    ],
  ],
  [
    'a duplicate key',
    'label: Gists,',
    'label: Gists, label: Stars,',
    ['gists.yaml:2: Map keys must be unique at line 2, column 23:; well-formed YAML'],
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
])('%s is named with its line and what was expected', (_title, found, replacement, problems) => {
  expect(problemsWith(found, replacement)).toEqual(expect.arrayContaining(problems))
})

test('a route that stands twice is one, whatever its variable is called', () => {
  const route = `    - path: /v1/gists/{gistid}
      operations: [{ method: GET, call: gists.getgist, with: { gistId: rest.gistid } }]
    - path: /v1/gists/{gist-id}`
  expect(problemsWith('    - path: /v1/gists/{gist-id}', route)).toEqual([
    'gists.yaml:26: the route GET /v1/gists/{gist-id} stands twice; it once',
  ])
})

test('an operation that stands twice is one', () => {
  const twice = `      - name: getgist
        method: GET
        inputParameters: [{ name: gistId, in: path, type: string, required: true }]
      - name: getgist`
  expect(problemsWith('      - name: getgist', twice)).toEqual([
    'gists.yaml:16: the operation "getgist" stands twice; it once',
  ])
})

test('a variable that nothing uses is a warning, not a refusal', () => {
  const { capability, problems } = readCapability(sound.replace("'{{env.TOKEN}}'", 'none'), 'gists.yaml')
  expect(capability).toBeDefined()
  expect(problems).toEqual([
    {
      file: 'gists.yaml',
      line: 4,
      message: 'the variable "TOKEN" is used nowhere',
      expected: 'a use such as {{env.TOKEN}}',
      severity: 'warning',
    },
  ])
})

test('every problem is reported at once', () => {
  const broken = sound.replaceAll('call: gists.getgist', 'call: gists.nothing').replace('{gistId}', '{other}')
  expect(readCapability(broken, 'gists.yaml').problems.map(({ line }) => line)).toEqual([13, 16, 25, 32])
})

test('a mistake of form hides no other problem', () => {
  const broken = sound
    .replace('    port: 8080\n', '')
    .replace('tools.gistId', 'rest.gistId')
    .replace("'{{env.TOKEN}}'", 'none')
  expect(
    readCapability(broken, 'gists.yaml').problems.map(({ line, message }) => `${line}: ${message}`),
  ).toEqual([
    '4: the variable "TOKEN" is used nowhere',
    '18: the key "port" is missing',
    '32: "rest.gistId" is no tools argument',
  ])
})

test('the calls of targets that are malformed are not called missing', () => {
  expect(problemsWith('method: GET\n        input', 'method: FETCH\n        input')).toHaveLength(1)
})
