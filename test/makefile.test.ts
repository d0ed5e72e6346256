import { execFileSync, spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const root = new URL('..', import.meta.url)
const listed = execFileSync('make', ['--no-print-directory'], { cwd: root, encoding: 'utf8' })
/** Targets and their descriptions, as `make` lists them. */
const targets = readPairs(listed, /^make ([a-z-]+) +(\S.*)$/gm)

/** The targets in the table under "Develop", and their descriptions. */
function readDocumentedTargets() {
  const readme = readFileSync(new URL('README.md', root), 'utf8')
  const [, section = ''] = readme.split(/^## Develop$/m)
  return readPairs(section, /^\| `make ([a-z-]+)[^|]*` \| (.*) \|$/gm)
}

function readPairs(text: string, line: RegExp): Record<string, string> {
  return Object.fromEntries([...text.matchAll(line)].map(([, name, meaning]) => [name, meaning]))
}

describe('the README', () => {
  it('documents every target of the Makefile as make does, and no other', () => {
    const { help: _, ...documented } = targets
    expect(readDocumentedTargets()).toEqual(documented)
  })
})

describe('make', () => {
  it('lists every target but those that install', () => {
    const makefile = readFileSync(new URL('Makefile', root), 'utf8')
    const phony = /^\.PHONY: (.*)$/m.exec(makefile)?.[1]?.split(' ') ?? []
    expect(Object.keys(targets).sort()).toEqual(phony.filter((name) => !name.startsWith('install')).sort())
  })
})

describe('the workflow', () => {
  it('installs the programs that make test-system asks for, which it cannot do without root', () => {
    const makefile = readFileSync(new URL('Makefile', root), 'utf8')
    const [, recipe = ''] = makefile.split('\ninstall-system:\n')
    const [, asked = ''] = /install-programs (.*)/.exec(recipe) ?? []
    const workflow = readFileSync(new URL('.github/workflows/test.yml', root), 'utf8')
    const [, installed = ''] = /apt-get install --yes (.*)/.exec(workflow) ?? []
    // The image has Chromium.
    expect(['chromium', ...installed.split(' ')]).toEqual(asked.split(' '))
  })
})

describe('make install', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'calgate-'))
    copyFileSync(new URL('Makefile', root), join(folder, 'Makefile'))
    writeFileSync(join(folder, 'package-lock.json'), '{"name":"one"}')
    mkdirSync(join(folder, 'bin'))
    takeNpm('mkdir -p node_modules')
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  /** Puts a program in place of npm that records each clean install. */
  function takeNpm(script: string): void {
    const program = `#!/bin/sh\n[ "$1" = ci ] || exit 0\necho >> installs\n${script}\n`
    writeFileSync(join(folder, 'bin', 'npm'), program, { mode: 0o755 })
  }

  function install(): void {
    const { MAKEFLAGS: _, ...inherited } = process.env
    const env = { ...inherited, PATH: `${join(folder, 'bin')}:${process.env.PATH}` }
    execFileSync('make', ['install'], { cwd: folder, env, stdio: 'ignore' })
  }

  function countInstalls(): number {
    return readFileSync(join(folder, 'installs'), 'utf8').length
  }

  it('installs on a fresh clone', () => {
    install()
    expect(countInstalls()).toBe(1)
  })

  it('installs nothing, and so needs no network, while the lock stays as it was', () => {
    install()
    install()
    expect(countInstalls()).toBe(1)
  })

  it('installs again when the lock has changed', () => {
    install()
    writeFileSync(join(folder, 'package-lock.json'), '{"name":"two"}')
    install()
    expect(countInstalls()).toBe(2)
  })

  it('installs again when the last install failed', () => {
    takeNpm('mkdir -p node_modules; exit 1')
    expect(install).toThrow()
    takeNpm('mkdir -p node_modules')
    install()
    expect(countInstalls()).toBe(2)
  })
})

describe('scripts/install-programs', () => {
  /** Runs it with `sh` and the given programs alone on the path. */
  function installPrograms(names: string[], programs: Record<string, string>) {
    const folder = mkdtempSync(join(tmpdir(), 'calgate-'))
    for (const [name, script] of Object.entries(programs))
      writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
    const script = fileURLToPath(new URL('scripts/install-programs', root))
    const { status, stdout, stderr } = spawnSync('/bin/sh', [script, ...names], {
      env: { PATH: folder },
      encoding: 'utf8',
    })
    rmSync(folder, { recursive: true })
    return { status, output: `${stdout}${stderr}` }
  }

  it('does nothing when nothing is missing', () => {
    expect(installPrograms(['nginx'], { nginx: '' })).toEqual({ status: 0, output: '' })
  })

  it('names what is missing, and what to do, when it cannot install', () => {
    const output =
      'Missing: nginx redis-server. Install them, or run this as root on a system with apt-get.\n'
    const names = ['nginx', 'chromium', 'redis-server']
    const other = { chromium: '', 'apt-get': 'echo called', id: 'echo 1000' }
    expect(installPrograms(names, other)).toEqual({ status: 1, output })
    expect(installPrograms(names, { chromium: '', id: 'echo 0' })).toEqual({ status: 1, output })
  })

  it('installs what is missing as root', () => {
    const programs = { chromium: '', id: 'echo 0', 'apt-get': 'echo "$@"' }
    expect(installPrograms(['nginx', 'chromium'], programs)).toEqual({
      status: 0,
      output: 'update\ninstall --yes --no-install-recommends nginx\n',
    })
  })
})
