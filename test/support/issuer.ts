import { createServer } from 'node:http'
import { exportJWK, exportSPKI, generateKeyPair, type JWK, SignJWT } from 'jose'
import { closeServer, listenOnLoopback } from './loopback.ts'

/** Audience of every token that a test does not say otherwise of. */
export const audience = 'https://mcp.example.org/mcp'

/** An issuer of access tokens that publishes its keys on loopback. */
export interface Issuer extends AsyncDisposable {
  /** Variables that make a gateway trust it. */
  readonly environment: Record<string, string>
  readonly url: string
  /** How often its keys were asked for. */
  readonly asked: number
  /** What it answers to that question; 200 by default. */
  status: number
  /** Signs a token with what its claims leave out as a valid token has it. */
  sign(
    claims?: Record<string, unknown>,
    header?: { readonly kid?: string | undefined; readonly alg?: string },
  ): Promise<string>
  /** Publishes new keys in the place of all earlier ones, and signs with these from now on. */
  rotate(): Promise<void>
  /** Publishes so many more keys before its own, which it goes on to sign with. */
  addKeys(count: number): Promise<void>
  /** The public key as PEM text, as anybody can have it. */
  publishKey(): Promise<string>
}

/** Starts an issuer with one key. */
export async function startIssuer(): Promise<Issuer> {
  let generation = 0
  let pair = await generateKeyPair('RS256', { extractable: true })
  const others: JWK[] = []
  const counts = { asked: 0 }
  const state = { status: 200 }
  const describe = async () => ({
    ...(await exportJWK(pair.publicKey)),
    kid: `key-${generation}`,
    alg: 'RS256',
  })
  const server = createServer(async (_request, response) => {
    counts.asked += 1
    response.writeHead(state.status, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ keys: [...others, await describe()] }))
  })
  const url = await listenOnLoopback(server)
  return {
    url,
    environment: { OAUTH_ISSUER: url, OAUTH_JWKS_URL: `${url}/keys`, OAUTH_AUDIENCE: audience },
    get asked() {
      return counts.asked
    },
    get status() {
      return state.status
    },
    set status(status) {
      state.status = status
    },
    publishKey: () => exportSPKI(pair.publicKey),
    sign(claims = {}, header = {}) {
      const now = Math.floor(Date.now() / 1_000)
      const sound = { iss: url, aud: audience, sub: 'agent', iat: now, exp: now + 300 }
      const { kid, ...rest } = { alg: 'RS256', kid: `key-${generation}`, ...header }
      const protectedHeader = { ...rest, ...(kid !== undefined && { kid }) }
      return new SignJWT({ ...sound, ...claims }).setProtectedHeader(protectedHeader).sign(pair.privateKey)
    },
    async rotate() {
      generation += 1
      pair = await generateKeyPair('RS256', { extractable: true })
    },
    async addKeys(count) {
      for (let index = 0; index < count; index += 1) {
        const { publicKey } = await generateKeyPair('RS256', { extractable: true })
        others.push({ ...(await exportJWK(publicKey)), kid: `other-${others.length}`, alg: 'RS256' })
      }
    },
    [Symbol.asyncDispose]: () => closeServer(server),
  }
}
