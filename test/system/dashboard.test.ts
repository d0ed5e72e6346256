import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { startGateway } from '../support/gateway.ts'
import { findFreePorts } from '../support/processes.ts'
import { startUpstream } from '../support/upstream-stub.ts'

interface Panel {
  readonly title: string
  readonly targets: readonly { readonly expr: string }[]
}

const dashboard = new URL('../../deploy/grafana/dashboards/calgate.json', import.meta.url)
const { panels }: { readonly panels: readonly Panel[] } = JSON.parse(readFileSync(dashboard, 'utf8'))
const queries = panels.flatMap(({ targets }) => targets.map(({ expr }) => expr))
/** Has no samples in a gateway that has refused nothing and tried nothing twice. */
const withoutSamples = /errors_total|retries_total/

it('Prometheus runs each query of the dashboard on the metrics of a gateway', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'calgate-dashboard-'))
  const [port = 0] = await findFreePorts(1)
  await using upstream = await startUpstream()
  await using running = await startGateway(upstream.url, {}, { watchProcess: true })
  const control = new URL(await running.gateway.control.listen({ host: '127.0.0.1', port: 0 })).host
  const file = join(folder, 'prometheus.yaml')
  const jobs = [{ job_name: 'calgate', static_configs: [{ targets: [control] }] }]
  writeFileSync(file, JSON.stringify({ global: { scrape_interval: '1s' }, scrape_configs: jobs }))
  const options = [`--config.file=${file}`, `--storage.tsdb.path=${folder}/data`, '--log.level=error']
  const prometheus = spawn('prometheus', [...options, `--web.listen-address=127.0.0.1:${port}`], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const ask = async (query: string) => {
    const url = `http://127.0.0.1:${port}/api/v1/query?${new URLSearchParams({ query })}`
    const { status, data } = Object(await (await fetch(url)).json())
    return { query, status, isEmpty: data?.result.length === 0 }
  }
  const call = async () => {
    const url = `${running.restUrl}/v1/v2/oauth-clients/cm9demo/users/7`
    await (await fetch(url, { headers: { 'x-cal-secret-key': 'demo-secret' } })).arrayBuffer()
  }
  try {
    // A rate needs two samples, between which there was a call.
    const askAll = async () => {
      await call()
      return Promise.all(
        queries.map((query) => ask(query).catch(() => ({ query, status: 'none', isEmpty: true }))),
      )
    }
    await expect
      .poll(askAll, { timeout: 60_000, interval: 500 })
      .toEqual(queries.map((query) => ({ query, status: 'success', isEmpty: withoutSamples.test(query) })))
  } finally {
    prometheus.kill()
    await once(prometheus, 'exit')
    rmSync(folder, { recursive: true })
  }
})
