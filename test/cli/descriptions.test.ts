import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeApi } from '../description/loading.ts'
import { runCommand } from './run-command.ts'

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'calgate-commands-'))
  const servers = [{ url: 'https://{region}.example.org' }]
  const sound = describeApi({ '/a': { get: { tags: ['A'] }, post: {} } }, { servers })
  await writeFile(join(folder, 'sound.json'), JSON.stringify(sound))
  await writeFile(
    join(folder, 'partial.yaml'),
    'openapi: 3.0.3\ninfo: { title: A, version: 1.0 }\nservers: [{ url: https://api.example.org }]\npaths:\n  /a: { get: {} }\n  b: { get: {} }\n',
  )
  const more = describeApi({ '/a': { get: {}, query: {}, additionalOperations: { COPY: {}, LINK: {} } } })
  await writeFile(join(folder, 'more.json'), JSON.stringify({ ...more, openapi: '3.2.0' }))
  await writeFile(join(folder, 'none.yaml'), 'a: 1\n')
  await writeFile(
    join(folder, 'overlay.yaml'),
    "overlay: 1.1.0\ninfo: { title: A, version: '1' }\nactions: [{ target: $.info, update: { title: B } }]\n",
  )
})
afterAll(() => rm(folder, { recursive: true }))

/** Runs a command on files of the folder; what it writes names them without the folder. */
async function run(command: string, args: readonly string[]) {
  const paths = args.map((arg) => (/\.(json|yaml)$/.test(arg) ? join(folder, arg) : arg))
  const { code, stdout, stderr } = await runCommand(command, ...paths)
  const shorten = (text: string) => text.replaceAll(`${folder}/`, '')
  return { code, stdout: shorten(stdout), stderr: shorten(stderr) }
}

test('check is content with what is served as a whole', async () => {
  expect(
    await run('check', ['sound.json', '--server-variable', 'region=eu', '--overlay', 'overlay.yaml']),
  ).toEqual({
    code: 0,
    stdout: '0 errors, 0 left out, 0 warnings; 2 operations are served\n',
    stderr: '',
  })
})

test('check counts operations of every method', async () => {
  const { stdout } = await run('check', ['more.json'])
  expect(stdout).toContain('; 4 operations are served\n')
})

test('check tells every problem of every file, with line and fix', async () => {
  const { code, stdout } = await run('check', ['sound.json', 'partial.yaml'])
  expect(code).toBe(1)
  expect(stdout.split('\n')).toEqual([
    'sound.json:1: warning: the server https://{region}.example.org needs a value of region; expected --server-variable region=…',
    'partial.yaml:5: warning: GET /a is that of sound.json:1, so this one is served at /partial/a; expected --prefix partial=/…',
    'partial.yaml:6: left out: the path b is left out; expected /b',
    '0 errors, 1 left out, 2 warnings; 3 operations are served',
    '',
  ])
})

test('check writes the same for programs, with the column of each problem', async () => {
  const { code, stdout, stderr } = await run('check', ['sound.json', 'partial.yaml', '--json'])
  expect([code, stderr]).toEqual([1, ''])
  const { served, problems } = JSON.parse(stdout)
  expect(served).toBe(3)
  expect(problems).toMatchObject([
    { file: expect.stringMatching(/sound\.json$/), line: 1, severity: 'warning' },
    { line: 5, column: 14, severity: 'warning', fix: '--prefix partial=/…' },
    { line: 6, column: 6, severity: 'omission', message: 'the path b is left out', fix: '/b' },
  ])
  const members = ['file', 'line', 'column', 'severity', 'message', 'fix']
  expect(problems.map(Object.keys)).toEqual([members, members, members])
  const whole = await run('check', ['sound.json', '--base-url', 'https://a.example.org', '--json'])
  expect([whole.code, JSON.parse(whole.stdout)]).toEqual([0, { served: 2, problems: [] }])
})

test('check counts nothing as served that --strict or an error keeps from being served', async () => {
  const { stdout } = await run('check', ['partial.yaml', '--strict'])
  expect(stdout).toContain('0 errors, 1 left out, 0 warnings; 0 operations are served')
  const mistyped = await run('check', ['sound.json', '--base-url', 'https://a.example.org', '--tag', 'AA'])
  expect(mistyped.stdout).toContain('1 error, 0 left out, 0 warnings; 0 operations are served')
})

test('a file is named with and without blanks and capitals', async () => {
  await writeFile(join(folder, 'My Shop.json'), JSON.stringify(describeApi({ '/a': { get: {} } })))
  const args = ['My Shop.json', '--base-url', 'My Shop=https://shop.example.org', '--prefix', 'my-shop=/s']
  expect(JSON.parse((await run('derive', args)).stdout)).toMatchObject({
    'x-base-url': 'https://shop.example.org',
    paths: { '/a': { get: { 'x-rest-path': '/s/a' } } },
  })
})

test('an address that is missing is asked for by variable and option', async () => {
  const file = join(folder, 'nowhere.json')
  await writeFile(
    file,
    JSON.stringify(describeApi({ '/a': { get: {} } }, { servers: [{ url: 'http://127.0.0.1' }] })),
  )
  const { code, stderr } = await run('call', ['--file', 'nowhere.json'])
  expect([code, stderr]).toEqual([1, expect.stringContaining('NOWHERE_BASE_URL or --base-url must be set')])
})

test('a mock stands in for descriptions without a server, and each problem is told once', async () => {
  const file = join(folder, 'homeless.json')
  await writeFile(
    file,
    JSON.stringify(describeApi({ '/a': { get: { operationId: 'getA' } }, b: { get: {} } })),
  )
  const told = 'homeless.json:1: left out: the path b is left out; expected /b\n'
  // The mock is refused its port, once the descriptions are loaded.
  const refused = await run('mock', ['homeless.json', '--port', '0'])
  expect(refused.stderr).toBe(`${told}--port must be an integer from 1 to 65535`)
  const { stdout, stderr } = await run('call', ['--file', 'homeless.json', '--mock'])
  expect([stdout.includes('getA'), stderr]).toEqual([true, told])
})

test('derive writes the document, and its problems elsewhere', async () => {
  const { code, stdout, stderr } = await run('derive', ['partial.yaml'])
  expect([code, stderr]).toEqual([0, 'partial.yaml:6: left out: the path b is left out; expected /b\n'])
  expect(JSON.parse(stdout)).toMatchObject({
    'x-base-url': 'https://api.example.org',
    paths: { '/a': { get: {} } },
  })
})

test.each([
  ['an error', ['none.yaml']],
  ['with --strict what is left out', ['partial.yaml', '--strict']],
  ['a tag that selects nothing', ['sound.json', '--tag', 'Z', '--base-url', 'https://api.example.org']],
])('%s keeps derive from writing a document', async (_title, args) => {
  expect(await run('derive', args)).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringMatching(/^\w+\.\w+:\d+: /),
  })
})

test.each([
  [['--strict'], "missing required argument 'file'"],
  [['sound.json', '--unknown'], "unknown option '--unknown'"],
  [['gone.yaml'], 'cannot be read (ENOENT)'],
  [['gone.yaml', '--json'], 'cannot be read (ENOENT)'],
  [['sound.json', '--base-url', 'ftp://example.org'], '--base-url takes [NAME=]URL, '],
  [
    ['sound.json', '--allow-ref', 'foo'],
    '--allow-ref takes the beginning of a URL or of a whole path, not "foo"',
  ],
  [['sound.json', '--prefix', 'v1'], '--prefix takes [NAME=]/PATH, not "v1"'],
  [
    ['sound.json', '--base-url', 'sond=https://example.org'],
    '--base-url names sond, and there are only sound',
  ],
  [['sound.json', '--prefix', 'sond=/v1'], '--prefix names sond, and there are only sound'],
  [['sound.json', '--server-variable', 'region'], '--server-variable takes NAME=VALUE, not "region"'],
  [['https://example.org/openapi'], 'is a URL: save what it leads to as a file'],
])('the arguments %j are refused', async (args, message) => {
  expect(await run('check', args)).toMatchObject({
    code: 2,
    stdout: '',
    stderr: expect.stringContaining(message),
  })
})

test('a key has scopes of every description, whose paths may be equal', async () => {
  const files = ['eu', 'us'].map((name) => join(folder, `${name}.json`))
  for (const [index, scope] of ['eu:read', 'us:read'].entries()) {
    const described = describeApi({ '/items': { get: { 'x-scope': scope } } })
    await writeFile(files[index] ?? '', JSON.stringify(described))
  }
  const options = files.flatMap((file) => ['--file', file])
  const made = await runCommand('key', 'agent', 'eu:read', 'us:read', ...options)
  expect(made).toMatchObject({ code: 0, stdout: expect.stringMatching(/eu:read.us:read/) })
  expect((await runCommand('key', 'agent', 'none', ...options)).stderr).toContain(
    'there is no scope none; there are eu:read, us:read',
  )
})

test('a selection and addresses by the name of a file', async () => {
  const args = [
    'sound.json',
    'partial.yaml',
    '--read-only',
    '--base-url',
    'sound=http://127.0.0.1:1',
    '--prefix',
    'sound=/s',
  ]
  const { stdout } = await run('derive', args)
  expect(JSON.parse(stdout).paths).toMatchObject({
    '/a': { get: { 'x-rest-path': '/s/a' } },
    '/a#partial': { get: { 'x-rest-path': '/a', 'x-base-url': 'https://api.example.org' } },
  })
})
