import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import manifest from '../package.json' with { type: 'json' }

const root = fileURLToPath(new URL('..', import.meta.url))

/** Runs a file under a Node that says that it is of another version. */
function run(file: string, version: string, ...args: string[]) {
  const change = `Object.defineProperty(process,'versions',{value:{...process.versions,node:'${version}'}})`
  const imported = ['--import', `data:text/javascript,${encodeURIComponent(change)}`]
  const { status, stdout, stderr } = spawnSync(process.execPath, [...imported, file, ...args], {
    cwd: root,
    encoding: 'utf8',
  })
  return { status, stdout, stderr }
}

const needed = manifest.devEngines.runtime.version.replace('>=', '')

it.each(['bin/calgate.js', 'bin/check-node.js'])(
  '%s tells a Node that is too old in one sentence',
  (file) => {
    for (const version of ['20.19.5', '22.11.0', '9.99.99'])
      expect(run(file, version, '--version')).toEqual({
        status: 1,
        stdout: '',
        stderr: `calgate needs Node ${needed} or later, and this is ${version}. \`make install\` puts the right one into node_modules/.bin.\n`,
      })
  },
)

it.each([needed, '99.0.0'])('Node %s is new enough', (version) => {
  expect(run('bin/check-node.js', version)).toEqual({ status: 0, stdout: '', stderr: '' })
})
