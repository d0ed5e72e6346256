import { fileURLToPath } from 'node:url'
import { inlineReferences, type OpenApiDocument } from '../src/document/document.ts'

/** Where a reader of the welcome finds what was started, as origins. */
export interface Doors {
  readonly mock: string
  readonly rest: string
  readonly mcp: string
}

/** The one secret that the remembering mock knows; Prism takes any. */
const secret = 'demo-secret'

/** What `make dev` prints once everything answers: the doors, a call and two MCP client configurations to paste. */
export function composeWelcome(document: OpenApiDocument, doors: Doors): string {
  const call = readSampleCall(document)
  const http = { type: 'http', url: `${doors.mcp}/mcp`, headers: { [call.secretHeader]: secret } }
  const stdio = {
    command: process.execPath,
    args: [fileURLToPath(new URL('../src/main.ts', import.meta.url)), 'mcp', '--stdio'],
    env: { CAL_COM_BASE_URL: doors.mock, CAL_COM_SECRET_KEY: secret },
  }
  return `
calgate is ready. Ctrl-C stops it.

  REST  ${doors.rest}
  MCP   ${doors.mcp}/mcp
  mock  ${doors.mock} (in Cal.com's place)

Call it:

curl -s -H '${call.secretHeader}: ${secret}' ${doors.rest}${call.path}

Let an agent use it, over HTTP:

${configure(http)}

or over stdio:

${configure(stdio)}

`
}

function configure(server: object): string {
  return JSON.stringify({ mcpServers: { calgate: server } }, null, 2)
}

/** A path to read with every variable filled in, and the header that carries the caller's secret. */
interface SampleCall {
  readonly path: string
  readonly secretHeader: string
}

/** Takes the read that names the most: one thing of a list says more than the list. */
function readSampleCall(document: OpenApiDocument): SampleCall {
  const reads = Object.values(document.paths).flatMap(({ get }) =>
    get === undefined ? [] : [Object(inlineReferences(document, get))],
  )
  const [read] = reads.sort((one, other) => countVariables(other) - countVariables(one))
  const parameters: Parameter[] = [read?.parameters ?? []].flat()
  const secretHeader = parameters.find((one) => one.in === 'header' && one.schema.format === 'password')
  const examples = new Map(parameters.map((one) => [fold(one.name), one.example ?? one.schema.example]))
  const path = String(read?.['x-rest-path'])
  return {
    path: path.replaceAll(/\{([^}]+)\}/g, (_, name) => encodeURIComponent(String(examples.get(fold(name))))),
    secretHeader: String(secretHeader?.name),
  }
}

interface Parameter {
  readonly in: string
  readonly name: string
  readonly example?: unknown
  readonly schema: { readonly format?: string; readonly example?: unknown }
}

function countVariables(operation: { readonly 'x-rest-path'?: unknown }): number {
  return String(operation['x-rest-path']).split('{').length
}

/** Variables of exposed paths match parameters whatever their case and separators. */
function fold(name: string): string {
  return name.toLowerCase().replaceAll(/[-_]/g, '')
}
