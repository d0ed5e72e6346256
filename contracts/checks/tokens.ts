import { asRecord } from '../../src/document/json.ts'
import { type Check, type Context, findStep } from '../context.ts'
import { parseJson, showValue } from '../values.ts'
import { describeResult } from './boundaries.ts'
import { type Data, expectStatus, readData, readUser } from './steps.ts'

const minute = 60_000
const day = 86_400_000

/** The steps that return a pair of tokens, in their order. */
const pairs = ['create', 'refresh', 'force-refresh', 'refresh-forced'] as const

/** Tokens: whose they are, how long they last and what ends them. */
export const tokens: Readonly<Record<string, Check>> = {
  async 'token.new'(context) {
    const seen = new Map<unknown, string>()
    for (const step of pairs) {
      const pair = await readData(context, step)
      for (const name of ['accessToken', 'refreshToken']) {
        const earlier = seen.get(pair[name])
        if (earlier) context.fail(name, `the token of ${step} is the same as the ${earlier}`)
        seen.set(pair[name], `${name} of ${step}`)
      }
    }
  },

  async 'token.owner'(context) {
    const { id } = await readUser(context, 'create')
    for (const step of pairs) {
      const pair = await readData(context, step)
      checkClaims(context, `${step} accessToken`, pair.accessToken, { type: 'access_token', ownerId: id })
      checkClaims(context, `${step} refreshToken`, pair.refreshToken, { type: 'refresh_token', ownerId: id })
    }
  },

  async 'token.expiry'(context) {
    for (const step of pairs) {
      const { at } = await findStep(context, step)
      checkExpiry(context, `${step} `, await readData(context, step), at)
    }
  },

  async 'token.usable'(context) {
    const { name } = context.operation
    const step = await findStep(context, name === 'create' ? 'refresh' : 'refresh-forced')
    if (step.result.kind !== 'success')
      context.fail('refreshToken', `must give a new pair, refresh got ${describeResult(step.result)}`)
  },

  async 'token.refresh'(context) {
    await readData(context, 'refresh')
    await expectStatus(context, 'refresh-again', 400, 404)
    await expectStatus(context, 'refresh-access', 400, 404)
    await readData(context, 'refresh-forced')
  },

  async 'token.force-refresh'(context) {
    await readData(context, 'force-refresh')
    await expectStatus(context, 'refresh-ended', 400, 404)
    await readData(context, 'refresh-other')
  },

  async 'time.created'(context) {
    const { at } = await findStep(context, 'create')
    const { createdDate } = await readUser(context, 'create')
    const age = (at - Date.parse(String(createdDate))) / minute
    const most = Number(context.requirement.values.minutes)
    if (!(Math.abs(age) <= most))
      context.fail('createdDate', `lies ${age.toFixed(1)} minutes before the creation`)
  },
}

/** Checks that a pair that was given at a moment lasts as long as the requirement says, and its claims say so too. */
export function checkExpiry(context: Context, prefix: string, pair: Data, at: number): void {
  const { accessMinutes, refreshDays, issuedSeconds } = context.requirement.values
  const inside = (name: string, unit: number, [least, most]: readonly number[]) => {
    const left = (Number(pair[name]) - at) / unit
    if (!(left >= (least ?? 0) && left <= (most ?? 0)))
      context.fail(
        `${prefix}${name}`,
        `ends ${left.toFixed(1)} ${unit === day ? 'days' : 'minutes'} from now`,
      )
  }
  inside('accessTokenExpiresAt', minute, [accessMinutes].flat().map(Number))
  inside('refreshTokenExpiresAt', day, [refreshDays].flat().map(Number))
  for (const name of ['access', 'refresh']) {
    const { expiresAt = pair[`${name}TokenExpiresAt`], iat } = readClaims(pair[`${name}Token`])
    // Seconds since the epoch (RFC 7519 §4.1.6).
    if (iat !== undefined && !(Math.abs(at / 1_000 - Number(iat)) <= Number(issuedSeconds)))
      context.fail(`${prefix}${name}Token.iat`, `${showValue(iat)} is not now in seconds`)
    context.expectEqual(`${prefix}${name}TokenExpiresAt`, pair[`${name}TokenExpiresAt`], expiresAt)
  }
}

/** Reads the claims of a JWT; none for a token that is no JWT, whose form Cal.com does not promise. */
function readClaims(token: unknown): Data {
  const [, payload = ''] = String(token).split('.')
  return asRecord(parseJson(Buffer.from(payload, 'base64url').toString()))
}

function checkClaims(context: Context, field: string, token: unknown, expected: Data): void {
  const claims = readClaims(token)
  const wanted = { ...expected, clientId: context.target.clientId }
  for (const [name, value] of Object.entries(wanted))
    if (name in claims) context.expectEqual(`${field}.${name}`, claims[name], value)
}
