import { describe, expect, it } from 'vitest'
import { listFiles, readText } from './tree.ts'

interface Manifest {
  readonly private?: boolean
  readonly allowScripts?: Readonly<Record<string, boolean>>
  readonly [group: string]: unknown
}

interface LockedPackage {
  readonly version?: string
  readonly resolved?: string
  readonly dev?: boolean
  readonly hasInstallScript?: boolean
  /** A workspace, whose `resolved` is its folder. */
  readonly link?: boolean
}

interface Lock {
  readonly lockfileVersion: number
  readonly packages: Readonly<Record<string, LockedPackage>>
}

/**
 * The oldest releases of the production tree without a known hole, as `[major line, least version]`; a major
 * line above the last one is new enough. `npm audit` needs the network, this does not.
 */
const floors: Readonly<Record<string, readonly string[]>> = {
  fastify: ['5.12.5'],
  'find-my-way': ['9.10.1'],
  undici: ['7.30.2', '8.12.4'],
  '@fastify/http-proxy': ['11.6.3'],
  '@fastify/reply-from': ['12.6.5'],
  '@fastify/rate-limit': ['11.2.0'],
}

/** Optional peers are the user's to choose: they have a range. */
const groups = ['dependencies', 'devDependencies', 'optionalDependencies', 'overrides']
const manifests = listFiles().filter((path) => /(^|\/)package\.json$/.test(path))
const locks = listFiles().filter((path) => /(^|\/)package-lock\.json$/.test(path))
const product: Lock = JSON.parse(readText('package-lock.json'))

describe('package.json files', () => {
  it.each(manifests)('%s names exact versions', (path) => {
    expect(findRanges(JSON.parse(readText(path)))).toEqual([])
  })

  it('with a range, a tag or an address are noticed', () => {
    const planted = {
      dependencies: { fastify: '^5.12.8', pino: '10.4.0', yaml: 'latest' },
      devDependencies: { vitest: 'github:vitest-dev/vitest', ajv: '8.x' },
      overrides: { undici: '7.30.2', glob: '>=1.2.3', old: 'npm:glob@7.0.0', older: 'npm:glob@^6.0.0' },
    }
    expect(findRanges(planted)).toEqual(['fastify', 'yaml', 'vitest', 'ajv', 'glob', 'older'])
  })

  it.each(manifests)('%s has a lock file beside it, or is in that of the root', (path) => {
    const isWorkspace = `${path.replace('/package.json', '')}` in product.packages
    expect(isWorkspace || locks.includes(path.replace('package.json', 'package-lock.json'))).toBe(true)
  })

  it('install no Node with the published package, and nothing that its users did not ask for', () => {
    const { optionalDependencies, peerDependencies, peerDependenciesMeta } = readManifest('package.json')
    expect(optionalDependencies).toBeUndefined()
    const peers = Object.keys(Object(peerDependencies))
    expect(peers.filter((name) => Object(peerDependenciesMeta)[name]?.optional !== true)).toEqual([])
  })

  it('of tools that are no part of the product can not be published by accident', () => {
    const tools = manifests.filter((path) => path !== 'package.json')
    expect(tools.filter((path) => readManifest(path).private !== true)).toEqual([])
  })
})

describe('lock files', () => {
  it.each(locks)('%s has the format of npm 7 and later', (path) => {
    expect(readLock(path).lockfileVersion).toBe(3)
  })

  it.each(locks)('%s names no address to download from', (path) => {
    expect(findAddresses(readLock(path))).toEqual([])
  })

  it('with an address are noticed', () => {
    const resolved = 'https://packages.example.org/a/-/a-1.0.0.tgz'
    const packages = { '': {}, 'node_modules/a': { resolved }, 'node_modules/b': { version: '1.0.0' } }
    expect(findAddresses({ lockfileVersion: 3, packages })).toEqual(['node_modules/a'])
  })

  it.each(locks)('%s holds no package with install scripts that nobody decided about', (path) => {
    expect(findScripts(readLock(path), readManifest(path.replace('-lock', '')))).toEqual([])
  })

  it('with an undecided install script are noticed', () => {
    const hasInstallScript = true
    const packages = {
      'node_modules/a': { hasInstallScript },
      'node_modules/c/node_modules/@b/b': { hasInstallScript },
    }
    expect(findScripts({ lockfileVersion: 3, packages }, { allowScripts: { a: false } })).toEqual(['@b/b'])
  })
})

describe('the production tree', () => {
  it.each(Object.keys(floors))('has %s, and not an older release than is safe', (name) => {
    expect(listVersions(product, name)).not.toEqual([])
    expect(findOld(product, name)).toEqual([])
  })

  it('with an old release is noticed, on each major line', () => {
    const packages = Object.fromEntries(
      ['7.30.1', '7.30.2', '7.31.0', '8.12.3', '8.12.4', '6.99.9', '9.0.0'].map((version, index) => [
        `node_modules/p${index}/node_modules/undici`,
        { version },
      ]),
    )
    const tools = { 'node_modules/undici': { version: '5.0.0', dev: true } }
    const lock = { lockfileVersion: 3, packages: { ...packages, ...tools } }
    expect(findOld(lock, 'undici')).toEqual(['7.30.1', '8.12.3', '6.99.9'])
  })

  it('holds nothing of Dredd', () => {
    expect(Object.keys(product.packages).filter((path) => /dredd/.test(path))).toEqual([])
  })
})

function readManifest(path: string): Manifest {
  return JSON.parse(readText(path))
}

function readLock(path: string): Lock {
  return JSON.parse(readText(path))
}

function findRanges(manifest: Manifest): string[] {
  return groups
    .flatMap((group) => Object.entries(Object(manifest[group])))
    .filter(([, version]) => !/^(npm:(@[\w-]+\/)?[\w.-]+@)?\d+\.\d+\.\d+(-[\w.]+)?$/.test(String(version)))
    .map(([name]) => name)
}

function findAddresses({ packages }: Lock): string[] {
  return Object.entries(packages)
    .filter(([, { resolved, link }]) => resolved !== undefined && !link)
    .map(([path]) => path)
}

function findScripts({ packages }: Lock, { allowScripts = {} }: Manifest): string[] {
  return Object.entries(packages)
    .filter(([, { hasInstallScript }]) => hasInstallScript)
    .map(([path]) => readName(path))
    .filter((name) => allowScripts[name] === undefined)
}

function listVersions({ packages }: Lock, name: string): string[] {
  return Object.entries(packages)
    .filter(([path, { dev }]) => readName(path) === name && !dev)
    .map(([, { version = '' }]) => version)
}

function findOld(lock: Lock, name: string): string[] {
  return listVersions(lock, name).filter((version) => !isSafe(version, floors[name] ?? []))
}

function isSafe(version: string, least: readonly string[]): boolean {
  const [major = 0, ...rest] = readNumbers(version)
  const lines = least.map(readNumbers)
  const line = lines.find(([one]) => one === major)
  if (!line) return lines.every(([one = 0]) => major > one)
  const [minor = 0, patch = 0] = rest
  const [, leastMinor = 0, leastPatch = 0] = line
  return minor > leastMinor || (minor === leastMinor && patch >= leastPatch)
}

function readNumbers(version: string): number[] {
  return version.split('.').map(Number)
}

function readName(path: string): string {
  return path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length)
}
