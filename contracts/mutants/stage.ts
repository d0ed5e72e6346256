import { readConfig } from '../../src/config/config.ts'
import { type OpenApiDocument, readDocument } from '../../src/document/document.ts'
import { createGateway } from '../../src/gateway.ts'
import { createRunLogger } from '../../test/support/run-log.ts'
import { eras, openMcpDoor } from '../mcp-door.ts'
import { startRecorder } from '../recorder.ts'
import { openRestDoor } from '../rest-door.ts'
import { readCaller, type Target } from '../target.ts'
import type { HopPlace } from './behaviour-mutants.ts'
import { type Hop, startHop } from './hop.ts'

/** Where a hop can be put: also between the recorder and the mock, where the mock's answers are spoiled. */
export type StagePlace = HopPlace | 'mock'

/** A gateway with a recorder behind it, and hops wherever something is to be spoiled. */
export interface Stage extends AsyncDisposable {
  readonly target: Target
  readonly hops: ReadonlyMap<StagePlace, Hop>
}

/** What stands on a stage. */
export interface StageOptions {
  /** A mock that answers what a `Prefer` header asks for and remembers nothing. */
  readonly mock: string
  /** Served by the gateway; by default the one of this repository. */
  readonly document?: OpenApiDocument
  readonly places?: readonly StagePlace[]
  /** The protocol eras to connect to, all by default. */
  readonly speak?: readonly (typeof eras)[number][]
}

/** Starts a stage on free ports. Whatever started is closed again when a later part fails. */
export async function openStage({
  mock,
  document = readDocument(),
  places = [],
  speak = eras,
}: StageOptions): Promise<Stage> {
  await using opening = new AsyncDisposableStack()
  const hops = new Map<StagePlace, Hop>()
  const pass = async (place: StagePlace, url: string) => {
    if (!places.includes(place)) return url
    const { origin, pathname } = new URL(url)
    const hop = opening.use(await startHop(origin))
    hops.set(place, hop)
    return hop.url + pathname.replace(/\/$/, '')
  }
  const recorder = await startRecorder(await pass('mock', mock))
  opening.defer(() => recorder.close())
  // The suite deletes more than a model may, and that limit is no part of the contract.
  const limits = { MCP_DELETE_LIMIT: 'off' }
  const config = readConfig({ CAL_COM_BASE_URL: await pass('upstream', recorder.url), ...limits })
  const gateway = await createGateway({
    config,
    document,
    logger: createRunLogger(),
    version: '0.0.0',
  })
  opening.defer(() => gateway.close())
  const listen = { host: '127.0.0.1', port: 0 }
  const rest = openRestDoor(await pass('rest', await gateway.rest.listen(listen)))
  opening.defer(() => rest.close())
  const mcpUrl = await pass('mcp', `${await gateway.mcp.listen(listen)}/mcp`)
  const mcp = await Promise.all(speak.map((era) => openMcpDoor(mcpUrl, era)))
  for (const door of mcp) opening.defer(() => door.close())
  const opened = opening.move()
  const close = () => opened.disposeAsync()
  const traits = { name: 'mutant', tellable: true, remembers: false, writes: true, ...readCaller({}) }
  const doors = { rest, mcp, [Symbol.asyncDispose]: close }
  const target = { ...traits, doors, recorder, [Symbol.asyncDispose]: close }
  return { target, hops, [Symbol.asyncDispose]: close }
}
