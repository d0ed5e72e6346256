import { existsSync, globSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import manifest from '../package.json' with { type: 'json' }
import { listVariables } from '../src/config/variables.ts'
import { readApi } from '../src/document/api.ts'
import { readDocument } from '../src/document/document.ts'
import { readText } from './rules/tree.ts'
import { startGateway } from './support/gateway.ts'

const variables = Object.keys(listVariables(readApi(readDocument())))
const dockerfile = readText('Dockerfile')
const compose = parse(readText('compose.yaml'), { merge: true })

/** A part of a manifest of Kubernetes. */
interface Manifest {
  readonly metadata: { readonly name?: string }
  readonly spec: { readonly replicas?: number; readonly scaleTargetRef?: { readonly name?: string } }
  readonly replicas?: unknown
  readonly patches?: unknown
}

describe('Dockerfile', () => {
  it('builds on images with a tag, whose digest a release can set', () => {
    const images = [...dockerfile.matchAll(/^ARG (\w+_IMAGE)=(\S+)$/gm)]
    expect(images.map(([, name]) => name)).toEqual(['NODE_IMAGE', 'BASE_IMAGE'])
    expect(images.filter(([, , image]) => !/^[\w./-]+:[\w.-]+$/.test(image ?? ''))).toEqual([])
    expect(dockerfile.match(/^FROM .*$/gm)).toEqual([
      `FROM ${'$'}{NODE_IMAGE} AS build`,
      `FROM ${'$'}{NODE_IMAGE} AS packages`,
      `FROM ${'$'}{BASE_IMAGE}`,
    ])
  })

  it('builds with the Node of the lock file', () => {
    expect(dockerfile).toContain(`node:${readText('.node-version').trim()}-`)
  })

  it('installs the optional packages of OpenTelemetry that the code is tested with', () => {
    const installed = [...dockerfile.matchAll(/(@opentelemetry\/[\w-]+)@([\d.]+)/g)]
    const optional = Object.entries(manifest.peerDependencies).filter(([name]) =>
      name.startsWith('@opentelemetry/'),
    )
    expect(installed.map(([, name, version]) => [name, version]).sort()).toEqual(optional.sort())
  })

  it('needs no shell at run time, and no root', () => {
    const [, runtime = ''] = dockerfile.split(`FROM ${'$'}{BASE_IMAGE}`)
    const commands = [...runtime.matchAll(/^(?:HEALTHCHECK .*CMD|ENTRYPOINT|CMD) (.*)$/gm)]
    expect(commands).toHaveLength(3)
    expect(commands.filter(([, command]) => !command?.startsWith('['))).toEqual([])
    expect(runtime).toContain('USER nonroot')
    expect(runtime).not.toMatch(/^RUN/m)
  })

  it('copies files that exist and that .dockerignore lets through', () => {
    const own = [...dockerfile.matchAll(/^COPY (?!--from|\.)(.*) \S+$/gm)].flatMap(([, names]) =>
      (names ?? '').split(' '),
    )
    const allowed = [...readText('.dockerignore').matchAll(/^!(.*)$/gm)].map(([, name]) => name)
    for (const name of [...own, ...allowed]) expect(existsSync(name ?? '')).toBe(true)
    expect(own.filter((name) => !allowed.includes(name))).toEqual([])
  })
})

describe('compose.yaml', () => {
  it('sets variables that exist', () => {
    const gateways = [compose.services['gateway-1'], compose.services['gateway-2']]
    const names = gateways.flatMap(({ environment }) => Object.keys(environment))
    expect(names).toContain('REDIS_URL')
    expect(names.filter((name) => !variables.includes(name))).toEqual([])
  })

  it('mounts files that exist', () => {
    const services: { volumes?: string[] }[] = Object.values(compose.services)
    const sources = services.flatMap(({ volumes = [] }) => volumes.map((one) => one.split(':')[0] ?? ''))
    expect(sources.filter((source) => source.startsWith('.') && !existsSync(source))).toEqual([])
  })

  it('names each image with a tag, and keeps ports on loopback', () => {
    const services: { image?: string; ports?: string[] }[] = Object.values(compose.services)
    expect(
      services.flatMap(({ image = 'a:1' }) => image).filter((image) => !/:[\w.-]+$/.test(image)),
    ).toEqual([])
    expect(
      services.flatMap(({ ports = [] }) => ports).filter((one) => !one.startsWith('127.0.0.1:')),
    ).toEqual([])
  })
})

describe('Kubernetes', () => {
  it('configures variables that exist', () => {
    const literals = globSync('deploy/kubernetes/**/kustomization.yaml').flatMap((file) =>
      Object(parse(readText(file))).configMapGenerator.flatMap((one: { literals: string[] }) => one.literals),
    )
    expect(
      literals.map((one) => String(one).split('=')[0]).filter((name) => !variables.includes(name ?? '')),
    ).toEqual([])
  })

  it('leaves the number of pods to the autoscaler', () => {
    const parts = globSync('deploy/kubernetes/**/*.yaml').flatMap((file) =>
      parseAllDocuments(readText(file)).map((one) => Object(one.toJS())),
    )
    const named = (kind: string, name: (part: Manifest) => unknown) =>
      parts.filter((one) => one.kind === kind).map(name)
    const scaled = named('HorizontalPodAutoscaler', ({ spec }) => spec.scaleTargetRef?.name)
    expect(named('Deployment', ({ metadata }) => metadata.name)).toEqual(scaled)
    expect(named('Deployment', ({ spec }) => spec.replicas)).toEqual([undefined])
    // An overlay sets them by a member of its own, or by a patch.
    expect(named('Kustomization', ({ replicas }) => replicas).filter(Boolean)).toEqual([])
    expect(JSON.stringify(named('Kustomization', ({ patches }) => patches))).not.toMatch(/\breplicas\b/)
  })

  it('has manifests that parse', () => {
    const files = globSync('deploy/**/*.yaml')
    expect(files.length).toBeGreaterThan(10)
    expect(files.flatMap((file) => parseAllDocuments(readText(file)).flatMap((one) => one.errors))).toEqual(
      [],
    )
  })
})

describe('the Grafana dashboard', () => {
  it('asks for metrics and labels that there are', async () => {
    await using gateway = await startGateway('http://127.0.0.1:9', {}, { watchProcess: true })
    const { body } = await gateway.gateway.control.inject('/metrics')
    const known = new Set([...body.matchAll(/^# TYPE (\S+)/gm)].map(([, name = '']) => name))
    const page = readText('docs/observability.md')
    const labels = [...page.matchAll(/^\| `calgate_\w+` \| ([^|]*) \|/gm)].flatMap(([, list = '']) =>
      list.split(', '),
    )
    const { panels } = JSON.parse(readText('deploy/grafana/dashboards/calgate.json'))
    const queries: string[] = panels.flatMap((panel: { targets: { expr: string }[] }) =>
      panel.targets.map(({ expr }) => expr),
    )
    const asked = queries.flatMap((query) => query.match(/\b(calgate|process|nodejs)_\w+/g) ?? [])
    expect(asked.length).toBeGreaterThanOrEqual(queries.length)
    expect(asked.filter((name) => !known.has(name.replace(/_bucket$/, '')))).toEqual([])
    const grouped = queries.flatMap((query) => /by \(([^)]*)\)/.exec(query)?.[1]?.split(', ') ?? [])
    expect(
      grouped.filter((label) => label !== 'le' && !labels.map((one) => one.trim()).includes(label)),
    ).toEqual([])
    const own = [...known].filter((name) => name.startsWith('calgate_'))
    expect(own.filter((name) => !asked.some((one) => one.startsWith(name)))).toEqual([])
  })
})
