import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { toMetricData } from '../../src/observability/metric-data.ts'
import { findClosedUrl, type RunningGateway, startGateway } from '../support/gateway.ts'
import { calls, toMcpRequest } from '../support/servers.ts'
import { respondJson, startSlowUpstream, startUpstream, type UpstreamStub } from '../support/upstream-stub.ts'

interface Attribute {
  readonly key: string
  readonly value: Readonly<Record<string, unknown>>
}

interface SentSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly kind: number
  readonly attributes: readonly Attribute[]
  readonly status: { readonly code?: number }
}

/** A receiver of OTLP over HTTP with JSON, which remembers what it was sent. */
async function startReceiver() {
  const spans: SentSpan[] = []
  const metrics: string[] = []
  const resources: Attribute[] = []
  const server = createServer(async (request, response) => {
    const body = JSON.parse(Buffer.concat(await request.toArray()).toString('utf8'))
    for (const { resource, scopeSpans = [] } of body.resourceSpans ?? []) {
      resources.push(...resource.attributes)
      for (const scope of scopeSpans) spans.push(...scope.spans)
    }
    for (const { scopeMetrics } of body.resourceMetrics ?? [])
      for (const scope of scopeMetrics) metrics.push(...scope.metrics.map((one: SentSpan) => one.name))
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const close = () => new Promise((resolve) => server.close(resolve))
  return { url: `http://127.0.0.1:${port}`, spans, metrics, resources, close }
}

const client = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) }
const traceparent = `00-${client.traceId}-${client.spanId}-01`
const inMeta = { traceId: 'c'.repeat(32), spanId: 'd'.repeat(16) }
const metaTraceparent = `00-${inMeta.traceId}-${inMeta.spanId}-01`
const cut = { traceId: 'e'.repeat(32), spanId: 'f'.repeat(16) }
const cutTraceparent = `00-${cut.traceId}-${cut.spanId}-01`

function read({ attributes }: SentSpan): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]))
}

describe('with OTEL_EXPORTER_OTLP_ENDPOINT', () => {
  let upstream: UpstreamStub
  let receiver: Awaited<ReturnType<typeof startReceiver>>
  let log: RunningGateway['log']
  const sent: IncomingHttpHeaders[] = []

  beforeAll(async () => {
    receiver = await startReceiver()
    upstream = await startUpstream((request, response) => {
      const isCut = request.url.endsWith('/4712') && upstream.requests.length === 4
      if (isCut) response.destroy()
      else respondJson(response, 200, { status: 'success', data: {} })
    })
    const gateway = await startGateway(upstream.url, { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url })
    const { restUrl, mcpUrl } = gateway
    const headers = { 'x-cal-secret-key': 'demo-secret', traceparent }
    await (await fetch(`${restUrl}/v1/v2/oauth-clients/cm9demo/users/4711`, { headers })).arrayBuffer()
    await (await fetch(`${restUrl}/v1/none?token=secret`)).arrayBuffer()
    const { path, init } = toMcpRequest(calls.get)
    await (await fetch(mcpUrl + path, init)).arrayBuffer()
    const message = JSON.parse(String(init.body))
    message.params._meta = { ...message.params._meta, traceparent: metaTraceparent }
    await (await fetch(mcpUrl + path, { ...init, body: JSON.stringify(message) })).arrayBuffer()
    const again = { ...headers, traceparent: cutTraceparent }
    await (await fetch(`${restUrl}/v1/v2/oauth-clients/cm9demo/users/4712`, { headers: again })).arrayBuffer()
    await gateway[Symbol.asyncDispose]()
    sent.push(...upstream.requests.map((one) => one.headers))
    log = gateway.log
  })
  afterAll(async () => {
    await upstream[Symbol.asyncDispose]()
    await receiver.close()
  })

  it('a request is a span of the client’s trace, and each try of the API a child of it', () => {
    const spans = receiver.spans.filter(({ traceId }) => traceId === client.traceId)
    const server = spans.find(({ kind }) => kind === 2)
    const tried = spans.find(({ kind }) => kind === 3)
    expect(server).toMatchObject({
      name: 'GET /v1/v2/oauth-clients/:clientid/users/:userid',
      parentSpanId: client.spanId,
    })
    expect(server && read(server)).toMatchObject({
      'http.request.method': 'GET',
      'http.response.status_code': 200,
    })
    expect(tried).toMatchObject({ parentSpanId: server?.spanId })
    expect(tried && read(tried)).toMatchObject({
      'url.template': '/v2/oauth-clients/{clientId}/users/{userId}',
      'server.address': '127.0.0.1',
    })
    expect(sent[0]?.traceparent).toBe(`00-${client.traceId}-${tried?.spanId}-01`)
  })

  it('a tool call is a span of its request, or of the trace that its _meta names', () => {
    const [first, second] = receiver.spans.filter(({ name }) => name.startsWith('tools/call'))
    const request = receiver.spans.find(({ spanId }) => spanId === first?.parentSpanId)
    expect(request?.name).toBe('POST /mcp')
    expect(first && read(first)).toMatchObject({
      'mcp.method.name': 'tools/call',
      'gen_ai.tool.name': 'get-managed-user',
    })
    expect(second).toMatchObject({ traceId: inMeta.traceId, parentSpanId: inMeta.spanId })
    expect(sent[2]?.traceparent).toContain(inMeta.traceId)
  })

  it('a try after one that failed says how many there were before it', () => {
    const tries = receiver.spans.filter(({ traceId, kind }) => traceId === cut.traceId && kind === 3)
    expect(tries.map((one) => read(one)['http.request.resend_count'])).toEqual([undefined, 1])
    expect(tries.map((one) => read(one)['error.type'])).toEqual(['connection_error', undefined])
  })

  it('log lines have the ids of the traces', () => {
    const ids = log.map((line) => JSON.parse(line).traceId).filter(Boolean)
    expect(ids[0]).toBe(client.traceId)
    expect(receiver.spans.map(({ traceId }) => traceId)).toEqual(expect.arrayContaining(ids))
  })

  it('metrics are sent too, and nothing of a client’s URL', () => {
    expect(receiver.metrics).toContain('calgate_requests_total')
    expect(receiver.metrics).toContain('calgate_upstream_call_duration_seconds')
    expect(JSON.stringify(receiver.spans)).not.toMatch(/secret|(?<!\d)471[12](?!\d)|cm9demo/)
    expect(receiver.resources).toContainEqual({ key: 'service.name', value: { stringValue: 'calgate' } })
  })
})

it.each([
  ['refuses connections', findClosedUrl],
  ['never answers', async () => (await startSlowUpstream()).url],
])('a receiver that %s delays the end by two seconds at most', async (_title, findReceiver) => {
  await using upstream = await startUpstream()
  const running = await startGateway(upstream.url, { OTEL_EXPORTER_OTLP_ENDPOINT: await findReceiver() })
  const { path, init } = toMcpRequest(calls.get)
  await (await fetch(running.mcpUrl + path, init)).arrayBuffer()
  const begin = performance.now()
  await running.gateway.close()
  expect(performance.now() - begin).toBeLessThan(3_000)
})

it('a traceparent in _meta goes upstream without telemetry too', async () => {
  await using upstream = await startUpstream()
  await using gateway = await startGateway(upstream.url)
  const { path, init } = toMcpRequest(calls.get)
  const message = JSON.parse(String(init.body))
  message.params._meta = { ...message.params._meta, traceparent: metaTraceparent }
  const headers = { ...init.headers, traceparent }
  await (
    await fetch(gateway.mcpUrl + path, { ...init, headers, body: JSON.stringify(message) })
  ).arrayBuffer()
  expect(upstream.requests[0]?.headers.traceparent).toBe(metaTraceparent)
})

it('buckets of a histogram count what is above the boundary before', () => {
  const sample = (metricName: string, value: number, le?: number | string) => ({
    metricName,
    value,
    labels: { surface: 'rest', ...(le !== undefined && { le }) },
  })
  const values = [sample('h_bucket', 2, 1), sample('h_bucket', 5, 2), sample('h_bucket', 6, '+Inf')]
  const more = [sample('h_sum', 9), sample('h_count', 6)]
  const data = toMetricData(
    { name: 'h', help: '', type: 'histogram', values: [...values, ...more] },
    0,
    1_500,
  )
  expect(data.dataPoints).toEqual([
    {
      startTime: [0, 0],
      endTime: [1, 500_000_000],
      attributes: { surface: 'rest' },
      value: { buckets: { boundaries: [1, 2], counts: [2, 3, 1] }, sum: 9, count: 6 },
    },
  ])
})
