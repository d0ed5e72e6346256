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
    ({ surface, requirement: { id } }) => surface === 'upstream' && /^\w+\.recorded$/.test(id),
  )
  expect(await removeCreatedUsers(target, requirements.operations)).toEqual([])
  return findings.map(({ requirement, operation, field }) => `${requirement} ${operation} ${field}`)
}

const creation = /^POST .*\/users$/
const reading = /^GET .*\/users\/\d+$/

describe('a response that is wrong once', () => {
  it('is found in a creation that no requirement looks at', async () => {
    const without = (text: string) => ({ status: 201, text: text.replace('"name":', '"title":') })
    // The second one is refused.
    expect(await findFailures(once(creation, 3, without))).toEqual([
      'response.recorded create data.user.name',
      'state.recorded create name',
    ])
  })

  it('is found in a user that another call has left otherwise', async () => {
    const other = (text: string) => ({ status: 200, text: text.replace('America/New_York', 'Asia/Tokyo') })
    // The entity tag is that of the user as it is.
    expect(await findFailures(once(reading, 3, other))).toEqual([
      'etag.recorded get etag',
      'state.recorded get timeZone',
    ])
  })

  it('is found in a read that finds no user', async () => {
    const lose = () => ({ status: 404, text: '{"status":"error","error":{"code":"NotFoundException"}}' })
    expect(await findFailures(once(reading, 3, lose))).toContain('state.recorded get status')
  })

  it('is found in a page that is no JSON', async () => {
    const page = () => ({ status: 502, text: '<h1>Bad Gateway</h1>' })
    expect(await findFailures(once(creation, 4, page))).toContain('response.recorded create status')
  })
})

describe('users that a run has made', () => {
  it('are removed when the run ends while the recorder responds in the place of the upstream', async () => {
    await using mock = await startCalCom({ throttles: false })
    await using target = await openUpstream(mock.url, readTraits({}, 'upstream', 'stateful'))
    const { clientId, secret, created, upstream, recorder } = target
    const find = (name: string) => requirements.operations.find((one) => one.name === name)
    const [create, list] = [find('create'), find('list')]
    if (!create || !list || !upstream || !recorder) throw new TypeError('the target has no upstream')
    const own = { clientId, 'x-cal-secret-key': secret }
    const count = async () => Object((await upstream.call(list, own)).body).data.length
    const before = await count()
    await upstream.call(create, { ...own, body: { email: created.makeAddress(), name: 'Left' } })
    expect(await count()).toBe(before + 1)
    recorder.script = (_request, response) => void response.writeHead(500).end()
    Object.assign(recorder, { canned: true, prefer: 'code=500' })
    expect(await removeCreatedUsers(target, requirements.operations)).toEqual([])
    expect(await count()).toBe(before)
  })

  it('are removed when the API never said which ones they are', async () => {
    const hide = () => ({ status: 201, text: '{"status":"success","data":{}}' })
    expect(await findFailures(once(creation, 2, hide))).toContain('response.recorded create data.user')
  })
})

it('an upstream that keeps the contract is found to keep it', async () => {
  expect(await findFailures((response) => response)).toEqual([])
})
