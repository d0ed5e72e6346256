import { readFileSync } from 'node:fs'

/** Ends with one sentence where Node is too old to read the rest, which would fail with a stack. */
const { engines } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
const [needed] = /\d+(\.\d+)*/.exec(engines.node) ?? ['0']

if (compare(process.versions.node, needed) < 0) {
  process.stderr.write(
    `calgate needs Node ${needed} or later, and this is ${process.versions.node}. \`make install\` puts the right one into node_modules/.bin.\n`,
  )
  process.exit(1)
}

/** Negative where the first version is older than the second. */
function compare(one, other) {
  const [own, others] = [one, other].map((version) => version.split('.').map(Number))
  const index = own.findIndex((part, position) => part !== (others[position] ?? 0))
  return index < 0 ? 0 : own[index] - (others[index] ?? 0)
}
