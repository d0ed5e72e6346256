import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { Client as FirstClient } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport as FirstStdioTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { StreamableHTTPClientTransport as FirstHttpTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import type { JsonSchemaType, jsonSchemaValidator } from '@modelcontextprotocol/sdk/validation'
import { AjvJsonSchemaValidator } from '@modelcontextprotocol/sdk/validation/ajv'

/** A server to spawn. */
export interface Command {
  readonly command: string
  readonly args: string[]
  readonly env: Record<string, string>
}

/** Where a server is: a URL with the headers of every request, or a command to spawn. */
export type Place = { readonly url: string; readonly headers?: Record<string, string> } | Command

const who = { name: 'test-client', version: '1.0.0' }

/** The SDKs pass on few variables, and without its cache of compiled code Node takes twice as long to start. */
function describeProcess(command: Command) {
  const { NODE_COMPILE_CACHE } = process.env
  const env = { ...(NODE_COMPILE_CACHE !== undefined && { NODE_COMPILE_CACHE }), ...command.env }
  return { ...command, env, stderr: 'ignore' as const }
}

const schemas = new Map<
  string,
  { readonly schema: JsonSchemaType; readonly compiler: AjvJsonSchemaValidator }
>()

/**
 * Compiles as the client itself does, but each schema once: for every list of tools the client compiles the output
 * schemas of all of them anew, which takes longer than most tests.
 */
const outputValidator: jsonSchemaValidator = {
  getValidator(schema) {
    const text = JSON.stringify(schema)
    const known = schemas.get(text) ?? { schema, compiler: new AjvJsonSchemaValidator() }
    schemas.set(text, known)
    // Ajv keeps what it has compiled by the identity of the schema.
    return known.compiler.getValidator(known.schema)
  },
}

async function connectFirst(place: Place) {
  const client = new FirstClient(who, { jsonSchemaValidator: outputValidator })
  const transport =
    'url' in place
      ? new FirstHttpTransport(new URL(place.url), { requestInit: { headers: place.headers ?? {} } })
      : new FirstStdioTransport(describeProcess(place))
  // The SDK's own transport misses `exactOptionalPropertyTypes` by one optional member.
  await client.connect(transport as Parameters<typeof client.connect>[0])
  return client
}

function connectSecond(mode: 'legacy' | { readonly pin: string }) {
  return async (place: Place) => {
    const client = new Client(who, { versionNegotiation: { mode } })
    const transport =
      'url' in place
        ? new StreamableHTTPClientTransport(new URL(place.url), {
            requestInit: { headers: place.headers ?? {} },
          })
        : new StdioClientTransport(describeProcess(place))
    await client.connect(transport)
    return client
  }
}

/** The real clients, each with the era it speaks. */
export const clients = [
  { client: 'the v1 client of the initialize era', connect: connectFirst },
  { client: 'the v2 client of the initialize era', connect: connectSecond('legacy') },
  { client: 'the v2 client of 2026-07-28', connect: connectSecond({ pin: '2026-07-28' }) },
] as const
