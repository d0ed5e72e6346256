import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/**
 * Builds the package once, before the tests that pack it: they run side by side, and a file that is packed while
 * another build replaces it is missing from the package.
 */
export default function buildPackage(): void {
  const build = fileURLToPath(new URL('../../scripts/build.ts', import.meta.url))
  execFileSync(process.execPath, [build], { stdio: 'inherit' })
}
