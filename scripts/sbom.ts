/**
 * Writes calgate.cdx.json, the production packages as CycloneDX, from the lock file. `npm sbom --omit=dev` leaves out
 * packages that development tools need too, so that all are listed and those of development alone are taken out here.
 */
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'

interface Component {
  readonly 'bom-ref': string
  readonly properties?: readonly { readonly name: string }[]
}

const args = ['sbom', '--sbom-format=cyclonedx', '--package-lock-only', '--workspaces=false']
const bom = JSON.parse(execFileSync('npm', args, { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 }))
const isDevelopment = ({ properties = [] }: Component) =>
  properties.some(({ name }) => name === 'cdx:npm:package:development')
const components: Component[] = bom.components.filter((one: Component) => !isDevelopment(one))
const refs = new Set([bom.metadata.component['bom-ref'], ...components.map((one) => one['bom-ref'])])
const dependencies = bom.dependencies
  .filter(({ ref }: { ref: string }) => refs.has(ref))
  .map(({ ref, dependsOn = [] }: { ref: string; dependsOn?: string[] }) => ({
    ref,
    dependsOn: dependsOn.filter((one) => refs.has(one)),
  }))
writeFileSync('calgate.cdx.json', `${JSON.stringify({ ...bom, components, dependencies }, null, 2)}\n`)
