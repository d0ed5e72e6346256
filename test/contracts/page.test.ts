import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { readOptions, usage } from '../../contracts/options.ts'
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

  it('names every option, and no other', () => {
    const written = [...page.matchAll(/^\| `(--\w+) FILE`/gm)].map(([, name]) => name)
    const known = [...usage.matchAll(/^ {2}(--\w+) FILE/gm)].map(([, name]) => name)
    expect(written).toEqual(known)
  })

  it('has a workflow whose command has options that there are', () => {
    const yaml = /^```yaml\n(.*?)^```/ms.exec(page)?.[1] ?? ''
    const { jobs } = parse(yaml)
    const command = jobs.contract.steps.find(({ run = '' }) => run.startsWith('npm run contract')).run
    const options = readOptions(command.split(' -- ')[1].split(' '), {})
    expect(options).toMatchObject({ strict: true, files: { junit: 'contract.xml' } })
  })

  it('names the header of a mock and the exit codes', () => {
    expect(page).toContain(`\`${mockHeader}\``)
    for (const code of [0, 1, 2, 130]) expect(page).toContain(`\n| ${code} | `)
  })
})
