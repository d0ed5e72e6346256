import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { configureDemo } from '../../mocks/start.ts'
import { describeApi } from '../description/loading.ts'
import { respondJson, startUpstream, type UpstreamStub } from '../support/upstream-stub.ts'
import { type CommandResult, runCommandWith, runOnTerminal } from './run-command.ts'

/** What renames a window, colours a text, ends a line for some readers, and turns the order of others. */
const steering = ['\u001b]0;owned\u0007', '\u009b31m', '\r', '\u007f', '\u0085', '\u2028', '\u202e', '\u2066']
const hostile = steering.join('x')
const long = `${'z'.repeat(46)}👍${'z'.repeat(9)}`

const responses: Readonly<Record<string, unknown>> = {
  object: { id: 1, [hostile]: hostile },
  list: [{ id: 1, name: hostile }],
  scalar: hostile,
  scalars: [hostile, 1],
  mixed: [{ id: 1 }, 'a text'],
  long: [{ id: 1, name: long }],
  wide: [
    { name: '日本語', id: 1 },
    { name: 'ab', id: 2 },
  ],
  inherited: [{ constructor: 'a' }, { id: 2 }],
  page: { status: 'success', data: [{ id: 1 }], next: 'page-2' },
  item: { id: 7, data: { name: 'a' } },
  nothing: {},
  none: { status: 'success', data: null },
}

let upstream: UpstreamStub
let folder: string
let file: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'calgate-terminal-'))
  file = join(folder, 'shop.json')
  const media = { text: 'text/plain', image: 'image/png', bytes: 'application/octet-stream' }
  const types = [...Object.keys(responses), 'failure'].map((name) => [name, 'application/json'])
  const paths = [...types, ...Object.entries(media)].map(([name, type]) => [
    `/${name}`,
    {
      get: {
        operationId: name,
        responses: { 200: { description: 'All.', content: { [String(type)]: {} } } },
      },
    },
  ])
  writeFileSync(file, JSON.stringify(describeApi(Object.fromEntries(paths))))
  upstream = await startUpstream(({ url }, response) => {
    const name = new URL(url, 'http://127.0.0.1').pathname.slice(1)
    if (name === 'text')
      response.writeHead(200, { 'content-type': 'text/plain' }).end(`one ${hostile}\r\ntwo`)
    else if (name === 'image') response.writeHead(200, { 'content-type': 'image/png' }).end(image)
    else if (name === 'bytes') response.writeHead(200, { 'content-type': media.bytes }).end(image)
    else if (name === 'failure') respondJson(response, 404, { message: hostile })
    else respondJson(response, 200, JSON.stringify(responses[name] ?? { data: [{ id: 1, name: hostile }] }))
  })
})
afterAll(async () => {
  await upstream[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true })
})

const image = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0xff, 0x00, 0x1b, 0x5b])
const readArguments = (name: string) => ['call', name, '--file', file, '--base-url', upstream.url]

/** Finds a character that a terminal obeys: one that cannot be seen and ends no line, the progress of a command aside. */
const findObeyed = ({ stdout, stderr }: CommandResult) =>
  /(?!\r?\n)[\p{Cc}\p{Cf}\u2028\u2029]/u.exec(
    stdout + stderr.replaceAll(/\r(?:calgate \w+: working for \d+ s|.\[K)/g, ''),
  )

describe('on a terminal, a command', () => {
  it.each([...Object.keys(responses), 'text', 'image', 'bytes'])(
    'writes nothing that it obeys of %s',
    async (name) => {
      for (const form of [[], ['--json']]) {
        const result = await runOnTerminal({}, ...readArguments(name), ...form)
        expect([result.code, findObeyed(result)]).toEqual([0, null])
      }
    },
  )

  it('writes nothing that it obeys of a failure, an export or a description', async () => {
    const mine = join(folder, 'mine.json')
    const broken = { get: { operationId: hostile, parameters: [{ $ref: `#/components/${hostile}` }] } }
    writeFileSync(mine, JSON.stringify(describeApi({ '/a': broken, [`/${hostile}`]: broken })))
    const demo = configureDemo(upstream.url)
    const results = [
      await runOnTerminal({}, ...readArguments('failure')),
      ...(await Promise.all(
        ['csv', 'jsonl', 'table'].map((format) => runOnTerminal(demo, 'export', 'users', '--format', format)),
      )),
      await runOnTerminal({}, 'check', mine),
      await runOnTerminal({}, 'derive', mine),
      await runOnTerminal({}, 'call', '--file', mine, '--base-url', upstream.url),
    ]
    expect(results.map(({ stdout, stderr }) => (stdout + stderr).includes('owned'))).toEqual(
      results.map(() => true),
    )
    expect(results.map(findObeyed)).toEqual(results.map(() => null))
  })

  it('escapes them as JSON does, so that JSON stays what it is', async () => {
    const { stdout } = await runOnTerminal({}, ...readArguments('object'), '--json')
    expect(JSON.parse(stdout)).toEqual(responses.object)
  })
})

describe('calgate call', () => {
  const call = async (name: string, ...more: string[]) =>
    (await runCommandWith({}, ...readArguments(name), ...more)).stdout
  const callOnTerminal = async (name: string) => (await runOnTerminal({}, ...readArguments(name))).stdout

  it('writes a text as it came, to a terminal with its last line ended', async () => {
    expect(await call('text')).toBe(`one ${hostile}\r\ntwo`)
    expect(await callOnTerminal('text')).toMatch(/^one \\u001b\]0;owned\\u0007x.*\r?\ntwo\n$/)
    expect(JSON.parse(await call('text', '--json'))).toEqual({
      ...{ status: 200, contentType: 'text/plain' },
      text: `one ${hostile}\r\ntwo`,
    })
  })

  it.each(['image', 'bytes'])(
    'writes what is no text (%s) as bytes, and never to a terminal',
    async (name) => {
      const { stdout } = await runCommandWith({}, ...readArguments(name))
      expect(stdout).toBe(String(image))
      expect(await callOnTerminal(name)).toMatch(
        /^status +200\ncontentType +(image\/png|application\/octet-stream)\n$/,
      )
      expect(JSON.parse(await call(name, '--json'))).toMatchObject({
        status: 200,
        data: image.toString('base64'),
      })
    },
  )

  it('cuts cells on a terminal alone, between whole characters', async () => {
    expect(await call('long')).toBe(`id  name\n1   ${long}\n`)
    expect(await callOnTerminal('long')).toBe(`id  name\n1   ${'z'.repeat(46)}…\n`)
  })

  it('aligns columns with wide characters', async () => {
    expect(await callOnTerminal('wide')).toBe('name    id\n日本語  1\nab      2\n')
  })

  it('writes nothing that an object inherits', async () => {
    expect(await call('inherited')).toBe('constructor  id\na\n             2\n')
  })

  it('leaves nothing out of what is returned', async () => {
    expect(await call('mixed')).toBe('[{"id":1},"a text"]\n')
    expect(await call('page')).toBe('id\n1\n\nnext  page-2\n')
    expect(await call('item')).toBe('name  a\n\nid  7\n')
    expect(await call('nothing')).toBe('{}\n')
    expect(await call('none')).toBe('status  success\ndata\n')
  })
})
