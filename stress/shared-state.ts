import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type RedisProcess, startRedis } from '../test/support/redis.ts'
import { type GatewayProcess, main, startGatewayProcess } from './gateway-process.ts'

/** A Redis of its own, and gateways that share their state in it. */
export interface SharedState extends AsyncDisposable {
  readonly redis: RedisProcess
  readonly environment: Readonly<Record<string, string>>
  /** Starts a gateway with more variables and arguments, as `calgate serve`. */
  start(
    upstream: string,
    variables?: Readonly<Record<string, string>>,
    args?: readonly string[],
  ): Promise<GatewayProcess>
}

/** Starts Redis, and creates a state key. */
export async function startSharedState(): Promise<SharedState> {
  const folder = mkdtempSync(join(tmpdir(), 'calgate-shared-'))
  const stateKey = join(folder, 'state-key')
  writeFileSync(stateKey, 'a-secret-that-only-tests-have-0123456789')
  const redis = await startRedis()
  const environment = { REDIS_URL: redis.url, STATE_KEY_FILE: stateKey }
  return {
    redis,
    environment,
    start(upstream, variables = {}, args = []) {
      const set = Object.entries({ ...environment, ...variables }).map(([name, value]) => `${name}=${value}`)
      return startGatewayProcess(upstream, 'error', ['env', ...set, process.execPath, main, 'serve', ...args])
    },
    async [Symbol.asyncDispose]() {
      await redis[Symbol.asyncDispose]()
      rmSync(folder, { recursive: true })
    },
  }
}
