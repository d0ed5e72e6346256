import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { mkdtempDisposable } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { readOptions, usage } from '../../contracts/options.ts'
import { readRequirements } from '../../contracts/requirements.ts'
import { describeFinding } from '../../contracts/test-cases.ts'
import { startCalCom } from '../../mocks/cal-com/server.ts'
import { mockHeader } from '../../mocks/choice.ts'

const root = new URL('../../', import.meta.url)
const page = readFileSync(new URL('docs/contract-testing.md', root), 'utf8')

describe('docs/contract-testing.md', () => {
  it('shows a command that passes against the mock', async () => {
    const [, url = '', options = ''] =
      /^\$ CONTRACT_UPSTREAM=(\S+) npm run --silent contract -- (.*)$/m.exec(page) ?? []
    await using mock = await startCalCom({ throttles: false })
    expect(url).toBe('http://127.0.0.1:4010')
    const env = { ...process.env, CONTRACT_UPSTREAM: mock.url }
    const args = ['contracts/main.ts', ...options.replaceAll("'", '').split(' ')]
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root, env })
    expect(stdout).toMatch(/^\d+ passed, 0 failed/m)
  })

  it('shows a failure as a run prints it', () => {
    const [, shown = ''] = /^```text\n(.*)\n```/m.exec(page) ?? []
    const { requirements } = readRequirements()
    const rule = requirements.find(({ id }) => id === 'response.members')?.rule ?? ''
    const place = {
      operation: 'get',
      server: 'Cal.com',
      surface: 'upstream',
      field: 'data.timeZone',
    } as const
    const failure = {
      target: 'a',
      requirement: 'response.members',
      rule,
      message: 'must be string, got nothing',
    }
    expect(shown).toBe(describeFinding({ ...place, ...failure }))
  })

  it('names every option, and no other', () => {
    const written = [...page.matchAll(/^\| `(--\w+) FILE`/gm)].map(([, name]) => name)
    const known = [...usage.matchAll(/^ {2}(--\w+) FILE/gm)].map(([, name]) => name)
    expect(written).toEqual(known)
  })

  it('has a workflow whose command passes, with variables that the page explains', async () => {
    const yaml = /^```yaml\n(.*?)^```/ms.exec(page)?.[1] ?? ''
    const { jobs } = parse(yaml)
    const { steps } = jobs.contract
    const step = steps.find(({ run = '' }) => run.startsWith('npm run contract'))
    const args: string[] = step.run.split(' -- ')[1].split(' ')
    expect(readOptions(args, {})).toMatchObject({ strict: false, files: { junit: 'contract.xml' } })
    for (const name of Object.keys(step.env))
      expect(page).toMatch(new RegExp(`^\\| .*\`${name}\`.* \\|`, 'm'))
    await using mock = await startCalCom({ throttles: false })
    await using folder = await mkdtempDisposable(join(tmpdir(), 'workflow-'))
    const env = { ...process.env, CONTRACT_UPSTREAM: mock.url, ALLOW_WRITES: step.env.ALLOW_WRITES }
    const report = join(folder.path, 'contract.xml')
    const own = args.map((one) => (one === 'contract.xml' ? report : one))
    const command = ['contracts/main.ts', ...own, '--only', '^state\\.create-get · get']
    const { stdout } = await promisify(execFile)(process.execPath, command, { cwd: root, env })
    expect(stdout).toMatch(/^\d+ passed, 0 failed/m)
    expect(readFileSync(report, 'utf8')).toContain('<testsuite')
  })

  it('installs this repository, whatever repository the pull request is of', () => {
    const yaml = /^```yaml\n(.*?)^```/ms.exec(page)?.[1] ?? ''
    const [checkout, install] = parse(yaml).jobs.contract.steps
    expect(page).toContain(`git clone https://github.com/${checkout.with.repository} `)
    expect(install.run).toBe('make install')
  })

  it('names the header of a mock and the exit codes', () => {
    expect(page).toContain(`\`${mockHeader}\``)
    for (const code of [0, 1, 2, 130]) expect(page).toContain(`\n| ${code} | `)
  })
})
