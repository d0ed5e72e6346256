import ts from 'typescript'
import { describe, expect, it } from 'vitest'
import { type Import, listImports, parseSource, readSources, type SourceFile } from './tree.ts'

/** A file may import from the lines above its own, and from its own folder; never from a neighbour in its line. */
const layers: readonly (readonly string[])[] = [
  ['src/errors/'],
  ['src/document/'],
  ['src/config/'],
  ['src/access/', 'src/state/'],
  ['src/observability/'],
  ['src/upstream/'],
  ['src/http/'],
  ['src/rest/', 'src/mcp/'],
  ['src/gateway.ts'],
  // Runs at start and at build, never for a request: only commands and scripts may import it.
  ['src/description/'],
  ['src/cli/', 'src/library/'],
  ['src/main.ts', 'src/index.ts'],
]

/** The one folder or file that may know a library; everything else asks it. */
const homes = [
  'openapi-fetch',
  'jose',
  'prom-client',
  'json-p3',
  '@scalar/openapi-upgrader',
  '@fastify/http-proxy',
  '@fastify/rate-limit',
  '@modelcontextprotocol/server',
  '@redis/client',
  '@opentelemetry/sdk-trace',
  '@opentelemetry/exporter-trace-otlp-http',
  '@opentelemetry/exporter-metrics-otlp-http',
]

const sources = readSources()
const imports = listImports(sources)

describe('imports', () => {
  it('run one way: errors, document, config, access, upstream, http, rest and mcp, gateway, cli, main', () => {
    expect(findWrongWays(imports)).toEqual([])
  })

  it('never run from rest to mcp, or against the layers, unnoticed', () => {
    const planted = [
      parseSource('src/rest/server.ts', `import { tools } from '../mcp/tools.ts'`),
      parseSource('src/document/operations.ts', `export type { Client } from '../upstream/client.ts'`),
      parseSource('src/errors/catalogue.ts', `const later = import('../gateway.ts')`),
      parseSource('src/plugins/new.ts', `type Config = import('../config/config.ts').Config`),
      parseSource('src/gateway.ts', `import { load } from './description/load.ts'`),
      parseSource('src/mcp/tools.ts', `import { GatewayError } from '../errors/gateway-error.ts'`),
    ]
    expect(findWrongWays(listImports(planted))).toEqual([
      'src/rest/server.ts → src/mcp/tools.ts',
      'src/document/operations.ts → src/upstream/client.ts',
      'src/errors/catalogue.ts → src/gateway.ts',
      'src/plugins/new.ts → src/config/config.ts',
      'src/gateway.ts → src/description/load.ts',
    ])
  })

  it.each(['src', 'contracts'])('form no cycle in %s, type imports included', (folder) => {
    expect(findCycles(listImports(readSources(folder)))).toEqual([])
  })

  it('form no cycle of three files unnoticed', () => {
    const planted = ['b', 'c', 'a'].map((to, index) =>
      parseSource(`src/document/${'abc'[index]}.ts`, `import './${to}.ts'`),
    )
    expect(findCycles(listImports(planted))).toEqual([
      'src/document/a.ts → src/document/b.ts → src/document/c.ts → src/document/a.ts',
    ])
  })

  it('stay inside src/, but for the mocks that are packed with it', () => {
    expect(findOutside(imports)).toEqual([
      'src/cli/mock-start.ts → mocks/choice.ts',
      'src/cli/mock-start.ts → mocks/start.ts',
    ])
  })

  it('of a test or a mock are noticed', () => {
    const planted = parseSource(
      'src/main.ts',
      `import '../mocks/prism.ts'\nimport 'pino'\nimport './gateway.ts'`,
    )
    expect(findOutside(listImports([planted]))).toEqual(['src/main.ts → mocks/prism.ts'])
  })
})

describe('a library', () => {
  it.each(homes)('%s is known to one file', (library) => {
    expect(findHomes(imports, library)).toHaveLength(1)
  })

  it('is noticed in a second file, under a longer name and as a type too', () => {
    const planted = [
      parseSource('src/mcp/a.ts', `import { Server } from '@modelcontextprotocol/server'`),
      parseSource('src/mcp/b.ts', `import type { Server } from '@modelcontextprotocol/server/node.js'`),
      parseSource('src/mcp/c.ts', `import { serve } from '@modelcontextprotocol/server-legacy'`),
    ]
    const files = findHomes(listImports(planted), '@modelcontextprotocol/server')
    expect(files).toEqual(['src/mcp/a.ts', 'src/mcp/b.ts'])
  })
})

describe('files', () => {
  it('compose the gateway in at most 80 lines', () => {
    const [composition] = sources.filter(({ path }) => path === 'src/gateway.ts')
    expect(countLines(composition?.text ?? '')).toBeLessThanOrEqual(80)
  })

  it('have at most 200 lines', () => {
    expect(findLong(sources)).toEqual([])
  })

  it('of 201 lines are noticed', () => {
    const [fits, long] = [200, 201].map((lines) =>
      parseSource(`src/of-${lines}.ts`, 'call()\n'.repeat(lines)),
    )
    expect(findLong([fits, long].filter((file) => file !== undefined))).toEqual(['src/of-201.ts: 201 lines'])
  })

  it('have fewer than 90 lines in the median', () => {
    const lengths = sources.map(({ text }) => countLines(text)).sort((a, b) => a - b)
    expect(lengths[Math.floor(lengths.length / 2)]).toBeLessThan(90)
  })

  it('are named after what they are, but for the entry of the library', () => {
    expect(findVagueNames(sources.map(({ path }) => path).filter((path) => path !== 'src/index.ts'))).toEqual(
      [],
    )
  })

  it('with a vague name, and barrels, are noticed', () => {
    const vague = ['src/utils.ts', 'src/rest/proxy-helper.ts', 'src/common/text.ts', 'src/mcp/index.ts']
    expect(findVagueNames([...vague, 'src/mcp/tools.ts', 'src/upstream/commons-licence.ts'])).toEqual(vague)
  })

  it('do not pass on what other files export', () => {
    expect(findReexports(sources)).toEqual([])
  })

  it('that pass on what other files export are noticed', () => {
    const barrel = parseSource('src/rest/all.ts', `export * from './body.ts'`)
    const plain = parseSource('src/rest/body.ts', `const limit = 1\nexport { limit }`)
    expect(findReexports([barrel, plain])).toEqual(['src/rest/all.ts'])
  })
})

function findWrongWays(found: readonly Import[]): string[] {
  return found
    .filter(({ from, to }) => to.startsWith('src/') && !mayImport(from, to))
    .map(({ from, to }) => `${from} → ${to}`)
}

function mayImport(from: string, to: string): boolean {
  const here = findLayer(from)
  const there = findLayer(to)
  if (here < 0 || there < 0) return false
  return there < here || findMember(from) === findMember(to)
}

function findLayer(path: string): number {
  return layers.findIndex((layer) => layer.some((member) => path.startsWith(member)))
}

/** The folder of the list a file lives in, or the file itself. */
function findMember(path: string): string | undefined {
  return layers.flat().find((member) => path.startsWith(member))
}

function findHomes(found: readonly Import[], library: string): string[] {
  return [...new Set(found.filter(({ to }) => to === library).map(({ from }) => from))]
}

function findOutside(found: readonly Import[]): string[] {
  return found
    .filter(({ to, relative }) => relative && !to.startsWith('src/'))
    .map(({ from, to }) => `${from} → ${to}`)
}

function findCycles(found: readonly Import[]): string[] {
  const cycles: string[] = []
  const done = new Set<string>()
  const visit = (file: string, trail: readonly string[]) => {
    if (trail.includes(file)) cycles.push([...trail.slice(trail.indexOf(file)), file].join(' → '))
    if (trail.includes(file) || done.has(file)) return
    for (const { from, to } of found) if (from === file) visit(to, [...trail, file])
    done.add(file)
  }
  for (const { from } of found) visit(from, [])
  return cycles
}

function findLong(files: readonly SourceFile[]): string[] {
  return files
    .filter(({ text }) => countLines(text) > 200)
    .map(({ path, text }) => `${path}: ${countLines(text)} lines`)
}

function countLines(text: string): number {
  return text.replace(/\n$/, '').split('\n').length
}

function findVagueNames(paths: readonly string[]): string[] {
  const vague = /^(utils?|helpers?|managers?|common|misc|shared|index)$/
  return paths.filter((path) =>
    path
      .replace(/\.ts$/, '')
      .split('/')
      .some((part) => part.split('-').some((word) => vague.test(word))),
  )
}

function findReexports(files: readonly SourceFile[]): string[] {
  return files
    .filter(({ tree }) =>
      tree.statements.some((one) => ts.isExportDeclaration(one) && one.moduleSpecifier !== undefined),
    )
    .map(({ path }) => path)
}
