import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'

const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'calgate-deploy-'))
afterAll(() => rmSync(folder, { recursive: true }))

interface Manifest {
  readonly apiVersion: string
  readonly kind: string
}

/** Renders the example overlay with made-up secrets. */
function render(): Manifest[] {
  cpSync(join(root, 'deploy/kubernetes'), join(folder, 'kubernetes'), { recursive: true })
  const overlay = join(folder, 'kubernetes/overlays/example')
  mkdirSync(join(overlay, 'secrets'))
  for (const name of ['client-id', 'client-secret', 'keys', 'redis-url', 'state-key'])
    writeFileSync(join(overlay, 'secrets', name), 'made-up')
  const text = execFileSync('kubectl', ['kustomize', overlay], { encoding: 'utf8' })
  return parseAllDocuments(text).map((one) => one.toJS())
}

/** Writes manifests as constants of the published types, by which the compiler refuses an unknown field. */
function writeTyped(manifests: readonly Manifest[]): string {
  return manifests
    .map(({ apiVersion, kind, ...rest }, index) => {
      const library =
        kind === 'ServiceMonitor' ? '@kubernetes-models/prometheus-operator' : 'kubernetes-models'
      const type = `import('${library}/${apiVersion}/${kind}').I${kind}`
      return `export const manifest${index}: ${type} = ${JSON.stringify({ apiVersion, kind, ...rest })}\n`
    })
    .join('')
}

function compile(text: string): string {
  const file = join(root, 'test/system', `manifests-${process.pid}.ts`)
  writeFileSync(file, text)
  const options = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--target', 'es2022']
  try {
    return execFileSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), ...options, file], {
      encoding: 'utf8',
    })
  } catch (error) {
    return String(Object(error).stdout)
  } finally {
    rmSync(file)
  }
}

describe('the Kubernetes manifests', () => {
  const manifests = render()

  it('render, each with its name and the namespace', () => {
    expect(manifests.map(({ kind }) => kind).sort()).toEqual([
      ...['ConfigMap', 'Deployment', 'HorizontalPodAutoscaler', 'Namespace', 'NetworkPolicy'],
      ...['PodDisruptionBudget', 'Secret', 'Service', 'Service', 'ServiceAccount', 'ServiceMonitor'],
    ])
  })

  it('have the fields of the published schemas, and no other', () => {
    expect(compile(writeTyped(manifests))).toBe('')
  })

  it('with an unknown field or a wrong type are noticed', () => {
    const [deployment] = manifests
      .filter(({ kind }) => kind === 'Deployment')
      .map((one) => JSON.stringify(one))
    const unknown = JSON.parse(deployment?.replace('"readinessProbe"', '"readynessProbe"') ?? '')
    const wrong = JSON.parse(deployment?.replace('"maxSkew":1', '"maxSkew":"one"') ?? '')
    const found = compile(writeTyped([unknown, wrong]))
    expect(found).toContain('readynessProbe')
    expect(found).toContain("Type 'string' is not assignable to type 'number'")
  })
})

describe('the systemd unit', () => {
  const unit = readFileSync(join(root, 'deploy/systemd/calgate.service'), 'utf8')
  const file = join(folder, 'calgate.service')
  // The program need not be installed here.
  writeFileSync(file, unit.replace('/usr/bin/node', process.execPath).replace('User=calgate', 'User=nobody'))

  it('is valid', () => {
    expect(execFileSync('systemd-analyze', ['verify', file], { encoding: 'utf8' })).toBe('')
  })

  it('leaves little to attack', () => {
    const args = ['security', '--offline=yes', '--threshold=20', file]
    expect(execFileSync('systemd-analyze', args, { encoding: 'utf8' })).toContain('OK')
  })
})

describe('make sbom', () => {
  it('lists every production package of the lock file with its version', () => {
    execFileSync(process.execPath, ['scripts/sbom.ts'], { cwd: root, stdio: 'inherit' })
    const bom = JSON.parse(readFileSync(join(root, 'calgate.cdx.json'), 'utf8'))
    expect(bom.bomFormat).toBe('CycloneDX')
    const listed: string[] = bom.components.map((one: Record<string, string>) => `${one.name}@${one.version}`)
    const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))
    const production = Object.entries<{ version?: string; dev?: boolean; link?: boolean }>(packages)
      .filter(([path, { dev, link }]) => path.includes('node_modules/') && !dev && !link)
      .map(([path, { version }]) => `${path.slice(path.lastIndexOf('node_modules/') + 13)}@${version}`)
    expect(production.filter((one) => !/^node-(bin|linux)/.test(one) && !listed.includes(one))).toEqual([])
    expect(listed.filter((one) => /^(vitest|typescript|@biomejs)/.test(one))).toEqual([])
  })
})
