import { PassThrough } from 'node:stream'
import { afterEach, expect, test } from 'vitest'
import { runProgram } from '../../src/cli/program.ts'
import { findSampleCall } from '../../src/cli/sample-call.ts'
import { readDocument } from '../../src/document/document.ts'
import { describeApi, loadSound } from '../description/loading.ts'
import { createContext } from './run-command.ts'

const ports = { REST_PORT: '0', MCP_PORT: '0', CONTROL_PORT: '0' }
const finishing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const finish of finishing.splice(0)) await finish()
})

/** Runs a command with standard error, or standard input too, on a terminal. */
async function runOnTerminal(isTTY: boolean, ...args: string[]): Promise<string> {
  const { context, finish } = createContext(ports)
  const stderr = Object.assign(new PassThrough(), { isTTY })
  const stdin = Object.assign(new PassThrough().end(), { isTTY })
  finishing.push(finish)
  await runProgram(args, { ...context, stderr, stdin })
  return String(stderr.read() ?? '')
}

test('a terminal is told the addresses of a gateway, and a call that works', async () => {
  const told = await runOnTerminal(true, 'serve', '--mock')
  expect(told).toMatch(/^\ncalgate is ready\. Ctrl-C stops it\.\n/)
  expect(told).toMatch(/^ {2}MCP +http:\/\/127\.0\.0\.1:\d+\/mcp /m)
  expect(told).toMatch(/^ {2}control +http:\/\/127\.0\.0\.1:\d+ /m)
  const url = /^curl -s (\S+)$/m.exec(told)?.[1] ?? ''
  expect(await (await fetch(url)).json()).toMatchObject({ status: 'success' })
})

test('a pipe is told nothing', async () => {
  expect(await runOnTerminal(false, 'serve', '--mock')).toBe('')
  expect(await runOnTerminal(false, 'mcp', '--mock')).toBe('')
})

test('a user who starts MCP on a terminal is told what it is for', async () => {
  expect(await runOnTerminal(true, 'mcp', '--mock')).toContain('see `calgate install`')
})

test('the sample call is one that the examples of the document fill', async () => {
  expect(findSampleCall(readDocument())?.path).toMatch(/\/users\/\d+$/)
  const id = { name: 'id', in: 'path', required: true, schema: { type: 'integer' } }
  const needed = { name: 'q', in: 'query', required: true, schema: { type: 'string' } }
  const paths = {
    '/a/{id}': { get: { parameters: [id] } },
    '/b': { get: {} },
    '/c': { get: { parameters: [needed] }, post: {} },
    "/d'": { get: {} },
  }
  const find = async (part: object, schemas: object = {}) =>
    findSampleCall(
      (await loadSound(describeApi(part, { components: { schemas } }))).document ?? readDocument(),
    )?.path
  expect(await find(paths)).toBe('/b')
  expect(await find({ ...paths, '/e/{id}': { get: { parameters: [{ ...id, example: 7 }] } } })).toBe('/e/7')
  expect(await find({ '/a/{id}': { get: { parameters: [id] } } })).toBeUndefined()
  const tree = { $ref: '#/components/schemas/Tree' }
  const content = { 'application/json': { schema: tree } }
  const get = {
    parameters: [{ ...id, schema: { $ref: '#/components/schemas/Id' } }],
    responses: { 200: { content } },
  }
  const schemas = { Id: { type: 'integer', example: 8 }, Tree: { properties: { left: tree, right: tree } } }
  expect(await find({ '/f/{id}': { get } }, schemas)).toBe('/f/8')
})
