import { createHmac } from 'node:crypto'
import type { Clock, Dice } from './clock.ts'
import type { Client, StoredToken, User } from './store.ts'

const minute = 60_000
const day = 86_400_000

/** What create, refresh and force-refresh return; expiries in milliseconds since the epoch. */
export interface Keys {
  readonly accessToken: string
  readonly refreshToken: string
  readonly accessTokenExpiresAt: number
  readonly refreshTokenExpiresAt: number
}

/** Makes pairs of tokens and remembers them with their user. */
export interface Mint {
  issue(client: Client, user: User, refreshed: boolean): Keys
}

/** Access tokens last an hour, to the minute; refresh tokens a year, to the start of the day. */
export function createMint(clock: Clock, dice: Dice): Mint {
  const make = (
    client: Client,
    user: User,
    type: StoredToken['type'],
    expiresAt: number,
    refreshed: boolean,
  ) => {
    const claims = {
      type,
      clientId: client.id,
      ownerId: user.id,
      expiresAt,
      iat: Math.floor(clock() / 1000),
      jti: dice.uuid(),
      ...(refreshed && { userId: user.id }),
    }
    const token = sign(claims, client.secret)
    user.tokens.push({ type, token, expiresAt })
    return token
  }
  return {
    issue(client, user, refreshed) {
      const now = clock()
      const accessTokenExpiresAt = Math.floor((now + 60 * minute) / minute) * minute
      const refreshTokenExpiresAt = Math.floor(addYear(now) / day) * day
      return {
        accessToken: make(client, user, 'access_token', accessTokenExpiresAt, refreshed),
        refreshToken: make(client, user, 'refresh_token', refreshTokenExpiresAt, refreshed),
        accessTokenExpiresAt,
        refreshTokenExpiresAt,
      }
    },
  }
}

/** Returns the same day of the next year, 365 or 366 days on. */
function addYear(now: number): number {
  const date = new Date(now)
  return date.setUTCFullYear(date.getUTCFullYear() + 1)
}

/** Writes a JWT signed with HS256 (RFC 7515); like Cal.com's it has no `exp`. */
function sign(claims: object, key: string): string {
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url')
  const content = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(claims)}`
  return `${content}.${createHmac('sha256', key).update(content).digest('base64url')}`
}
