import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

interface LockedPackage {
  readonly integrity?: string
  /** It came inside its parent's tarball, under the parent's checksum. */
  readonly inBundle?: boolean
  readonly resolved?: string
  /** A folder of this repository. */
  readonly link?: boolean
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

function readLock(path: string): [string, LockedPackage][] {
  return Object.entries(JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')).packages)
}

const locks = ['../package-lock.json', '../contracts/dredd/package-lock.json'].map((path) => ({
  path,
  packages: readLock(path),
}))

describe.each(locks)('$path', ({ packages }) => {
  it('names no registry', () => {
    expect(
      packages.filter(([, { resolved, link }]) => resolved !== undefined && !link).map(([path]) => path),
    ).toEqual([])
  })

  it('has the checksum of every package', () => {
    const unchecked = packages.filter(
      ([path, one]) => /(^|\/)node_modules\//.test(path) && !one.link && !one.inBundle && !one.integrity,
    )
    expect(unchecked.map(([path]) => path)).toEqual([])
  })

  // npm leaves out, without a word, what its registry does not have; `npm ci` then refuses the lock everywhere.
  it('has every optional package, those of other platforms too', () => {
    const missing = packages.flatMap(([, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies).filter(
        (name) => !packages.some(([path]) => path.endsWith(`node_modules/${name}`)),
      ),
    )
    expect(missing).toEqual([])
  })

  it('asks for exact versions', () => {
    const [, root] = packages.find(([path]) => path === '') ?? []
    const wanted = { ...root?.dependencies, ...root?.devDependencies, ...root?.optionalDependencies }
    expect(
      Object.entries(wanted).filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version)),
    ).toEqual([])
  })
})
