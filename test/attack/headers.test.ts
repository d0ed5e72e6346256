import { expect, it } from 'vitest'
import { attack, targets } from '../support/attack.ts'
import { startGateway } from '../support/gateway.ts'
import { writePost } from '../support/malformed.ts'
import { respondJson, startUpstream } from '../support/upstream-stub.ts'

/** What callers and proxies before the gateway may send, none of which is the upstream's business. */
const strange = [
  'Connection: keep-alive, x-cal-client-id, X-Hop',
  'X-Hop: a',
  'Keep-Alive: timeout=5',
  'TE: trailers',
  'Trailer: X-a',
  'Upgrade: websocket',
  'Proxy-Authorization: Basic YTpi',
  'Proxy-Connection: keep-alive',
  'Authorization: Bearer demo',
  'Cookie: session=demo',
  'X-Forwarded-For: 203.0.113.7',
  'X-Forwarded-Host: gate.example.org',
  'X-Forwarded-Proto: https',
  'Forwarded: for=203.0.113.7',
  'X-Real-IP: 203.0.113.7',
  'Via: 1.1 gate',
  'X-HTTP-Method-Override: DELETE',
  'X-Original-URL: /admin',
  'X-Cal-Client-Id: other',
  'X-Cal-Platform-Embed: true',
  'Cal-Api-Version: 2024-01-01',
  'Prefer: code=500',
  'Range: bytes=0-1',
  'If-None-Match: *',
  'Accept-Encoding: gzip',
  'User-Agent: demo',
  'Origin: http://localhost',
  'Referer: http://localhost/',
  'Expect: 100-continue',
]

it.each(['rest', 'mcp'] as const)('only known headers are sent, whatever comes on %s', async (server) => {
  await using upstream = await startUpstream()
  await using gateway = await startGateway(upstream.url)
  const { answers } = await attack({ gateway, upstream }, server, writePost(targets[server], strange))
  expect(answers.map(({ status }) => status)).toEqual([200])
  const [request] = upstream.requests
  const known = ['accept', 'connection', 'content-length', 'content-type', 'host']
  const cal = ['accept-encoding', 'user-agent', 'x-cal-client-id', 'x-cal-secret-key']
  const names = Object.keys(request?.headers ?? {})
  expect(names.filter((name) => ![...known, ...cal].includes(name))).toEqual([])
  expect(request?.headers).toMatchObject({ connection: 'keep-alive', 'x-cal-client-id': 'cm9demo' })
  expect(request?.headers['user-agent']).not.toBe('demo')
})

it.each(['rest', 'mcp'] as const)('only known headers come back on %s', async (server) => {
  const secretive = {
    server: 'inside',
    'set-cookie': 'a=b',
    'x-powered-by': 'inside',
    'keep-alive': 'timeout=5',
    'proxy-authenticate': 'Basic',
    trailer: 'x-a',
    upgrade: 'h2c',
    location: 'http://inside',
    'access-control-allow-origin': '*',
    'strict-transport-security': 'max-age=1',
    via: '1.1 inside',
  }
  await using upstream = await startUpstream((_request, response) =>
    respondJson(response, 200, { status: 'success', data: {} }, secretive),
  )
  await using gateway = await startGateway(upstream.url)
  const { answers } = await attack({ gateway, upstream }, server, writePost(targets[server], []))
  expect(answers.map(({ status }) => status)).toEqual([200])
  const names = [...(answers[0]?.head.matchAll(/^([\w-]+):/gm) ?? [])].map(([, name]) => name?.toLowerCase())
  const own = ['keep-alive']
  const returned = Object.keys(secretive).filter((name) => names.includes(name) && !own.includes(name))
  expect(returned).toEqual([])
})
