import { existsSync, readFileSync } from 'node:fs'

/** Ends with one sentence where Node is too old to read the rest, which would fail with a stack. */
const { engines, devEngines } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
/** A checkout runs TypeScript as it is. */
const isCheckout = existsSync(new URL('../src/main.ts', import.meta.url))
const [needed] = /\d+(\.\d+)*/.exec(isCheckout ? devEngines.runtime.version : engines.node) ?? ['0']
const hint = isCheckout ? ' `make install` puts the right one into node_modules/.bin.' : ''

if (compare(process.versions.node, needed) < 0) {
  process.stderr.write(
    `calgate needs Node ${needed} or later, and this is ${process.versions.node}.${hint}\n`,
  )
  process.exit(1)
}

/** Negative where the first version is older than the second. */
function compare(one, other) {
  const [own, others] = [one, other].map((version) => version.split('.').map(Number))
  const index = own.findIndex((part, position) => part !== (others[position] ?? 0))
  return index < 0 ? 0 : own[index] - (others[index] ?? 0)
}
