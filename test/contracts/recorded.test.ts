import { describe, expect, it } from 'vitest'
import { removeCreatedUsers } from '../../contracts/cleanup.ts'
import { readRequirements } from '../../contracts/requirements.ts'
import { openUpstream } from '../../contracts/target.ts'
import { readTraits } from '../../contracts/targets.ts'
import { collectFindings } from '../../contracts/test-cases.ts'
import { startCalCom } from '../../mocks/cal-com/server.ts'
import { type PassingResponse, startBreakingProxy } from './breaking-proxy.ts'

const requirements = readRequirements()

/** Spoils the nth response that matches, and no other. */
function once(line: RegExp, nth: number, spoil: (text: string) => PassingResponse) {
  let count = 0
  return (response: PassingResponse, called: string) => {
    if (line.test(called)) count += 1
    return count === nth && line.test(called) ? spoil(response.text) : response
  }
}

async function findFailures(change: (response: PassingResponse, line: string) => PassingResponse) {
  await using mock = await startCalCom({ throttles: false })
  await using proxy = await startBreakingProxy(mock.url, change)
  await using target = await openUpstream(proxy.url, readTraits({}, 'upstream', 'stateful'))
  const findings = await collectFindings(
    target,
    requirements,
    ({ surface, requirement: { id } }) =>
      surface === 'upstream' && /^(state\.page-size|\w+\.recorded)$/.test(id),
  )
  expect(await removeCreatedUsers(target, requirements.operations)).toEqual([])
  return findings.map(({ requirement, operation, field }) => `${requirement} ${operation} ${field}`)
}

const creation = /^POST .*\/users$/
const reading = /^GET .*\/users\/\d+$/

describe('a response that is wrong once', () => {
  it('is found in a creation that no requirement looks at', async () => {
    const without = (text: string) => ({ status: 201, text: text.replace('"name":', '"title":') })
    expect(await findFailures(once(creation, 40, without))).toEqual([
      'response.recorded create data.user.name',
      'state.recorded create name',
    ])
  })

  it('is found in a user that another call has left otherwise', async () => {
    const other = (text: string) => ({ status: 200, text: text.replace('America/New_York', 'Asia/Tokyo') })
    expect(await findFailures(once(reading, 3, other))).toEqual(['state.recorded get timeZone'])
  })

  it('is found in a read that finds no user', async () => {
    const lose = () => ({ status: 404, text: '{"status":"error","error":{"code":"NotFoundException"}}' })
    expect(await findFailures(once(reading, 3, lose))).toContain('state.recorded get status')
  })

  it('is found in a page that is no JSON', async () => {
    const page = () => ({ status: 502, text: '<h1>Bad Gateway</h1>' })
    expect(await findFailures(once(creation, 60, page))).toContain('response.recorded create status')
  })
})

it('an upstream that keeps the contract is found to keep it', async () => {
  expect(await findFailures((response) => response)).toEqual([])
})
