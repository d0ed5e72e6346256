import { beyondAscii, encodeHeader } from '../document/header-text.ts'
import { readOwn } from '../document/json.ts'
import type { Operation } from '../document/operations.ts'
import { writeHeaderText } from '../document/parameter-writing.ts'
import { findPosition } from '../document/parameters.ts'
import { createPasswordFinder } from '../document/passwords.ts'
import { splitPathKey } from '../document/path-template.ts'
import { createRequestWriter, encodeQueryText } from '../document/request-writing.ts'
import { isCredentialName } from '../document/security.ts'
import type { CallInput } from '../document/validation.ts'
import type { UpstreamCall } from './call.ts'
import {
  type CallCredentials,
  type ConfiguredCredentials,
  listCredentialParts,
  listPrefixes,
  listSecretParts,
  toIdentity,
} from './credentials.ts'
import { SecretSearch } from './secret-search.ts'
import { listConfigured } from './secrets.ts'

/** A call that has passed every check. */
export interface CheckedCall {
  readonly input: CallInput
  readonly credentials: CallCredentials
  /** The authenticated user or program; empty where the gateway authenticates nobody. */
  readonly principal: string
}

/** A checked call, and what the gateway knows of its client. */
export interface OutgoingCall extends CheckedCall, Pick<UpstreamCall, 'connection' | 'isCut'> {
  /** The trace that the call is a part of. */
  readonly traceparent?: string | undefined
}

/** A call as it goes upstream, without its body. */
export interface WrittenCall {
  readonly context: UpstreamCall
  /** Path and query. */
  readonly path: string
  readonly headers: Record<string, string>
}

/** Writes the upstream requests of one operation. */
export type CallWriter = (call: OutgoingCall) => WrittenCall

/**
 * Prepares the writing of an operation's upstream requests. Path, query and headers are written from checked values
 * alone: of the client's own headers only what the operation's parameters name goes upstream, and its trace.
 */
export function createCallWriter(operation: Operation, configured: ConfiguredCredentials): CallWriter {
  const { parameters } = operation
  const keyName = parameters.find(({ isIdempotencyKey }) => isIdempotencyKey)?.name
  const sent = parameters.filter(({ isIdempotencyKey }) => !isIdempotencyKey)
  const { writePath, writeQuery, writeHeaders } = createRequestWriter({ ...operation, parameters: sent })
  const describers = listDescribers(operation)
  const accept = listAccepted(operation)
  const findPasswords = createPasswordFinder(operation)
  const prefixes = listPrefixes(operation.security)
  const hidden = [...listConfigured(configured), ...listConstantSecrets(operation)]
  const search = hidden.length > 0 ? new SecretSearch(hidden) : undefined
  return ({ input, credentials, principal, connection, isCut, traceparent }) => {
    const headers: Record<string, string> = {
      accept,
      // Without it an upstream may choose any encoding (RFC 9110 §12.5.3).
      'accept-encoding': 'identity',
      'user-agent': 'calgate',
    }
    if (input.body !== undefined) headers['content-type'] = input.contentType ?? 'application/json'
    if (traceparent !== undefined) headers.traceparent = traceparent
    const descriptions = describers.map((describe) => describe(input))
    Object.assign(headers, writeHeaders?.(input), ...descriptions)
    addCredentials(headers, credentials)
    return {
      path: joinTarget(writePath(input.path), writeQuery?.(input.query), credentials),
      headers,
      context: {
        ...{ operation, connection, principal, isCut },
        idempotencyKey:
          keyName === undefined ? undefined : readIdempotencyKey(readOwn(input.header, keyName)),
        identify: () => Object.assign({}, ...descriptions, toIdentity(credentials)),
        listSecrets() {
          const passwords = findPasswords?.(input).flatMap((one) => listSecretParts(one)) ?? []
          const all = [...listCredentialParts(credentials, prefixes), ...passwords, ...hidden]
          return all.filter((value) => value !== '')
        },
        configured: search,
      },
    }
  }
}

/** Adds what authenticates a call, its cookies behind those that are there. */
function addCredentials(headers: Record<string, string>, credentials: CallCredentials): void {
  for (const name in credentials.headers) {
    const text = credentials.headers[name] ?? ''
    const written = beyondAscii.test(text) ? encodeHeader(text) : text
    if (name === 'cookie') addCookies(headers, written)
    else headers[name] = written
  }
  for (const name in credentials.cookies) addCookies(headers, `${name}=${credentials.cookies[name]}`)
}

function addCookies(headers: Record<string, string>, pairs: string): void {
  headers.cookie = headers.cookie === undefined ? pairs : `${headers.cookie}; ${pairs}`
}

/**
 * Lists the credentials that every request of an operation has, by the names of its constants: those are in no configuration,
 * but no client knows them either.
 */
function listConstantSecrets({ constantHeaders = {}, path }: Operation): string[] {
  const { cookie = '', ...headers } = constantHeaders
  const cookies = cookie.split(/; */).map((pair) => [pair.replace(/=.*/s, ''), pair.replace(/^[^=]*=?/, '')])
  const constants = [...Object.entries(headers), ...cookies, ...new URLSearchParams(splitPathKey(path).query)]
  return constants.flatMap(([name = '', value = '']) =>
    isCredentialName(name) ? listSecretParts(value) : [],
  )
}

/** Joins a path, a query and the credentials that the API takes in its query. */
function joinTarget(path: string, written: string | undefined, { query }: CallCredentials): string {
  const pairs = written ? [written] : []
  for (const name in query) pairs.push(`${encodeQueryText(name)}=${encodeQueryText(query[name] ?? '')}`)
  return pairs.length > 0 ? `${path}?${pairs.join('&')}` : path
}

/** Lists the types that the document has for a success; any where it has none, JSON first (RFC 9110 §12.5.1). */
function listAccepted({ responses }: Operation): string {
  const successes = responses.filter(({ status }) => /^(?:2|default)/.test(status))
  const types = new Set(successes.flatMap(({ content }) => content.map(({ name }) => name)))
  return types.size > 0 ? [...types].join(', ') : 'application/json, */*;q=0.5'
}

/** Lists what tells the upstream whose call it is: headers from parameters that it asks for there too. */
function listDescribers({ parameters }: Operation): ((input: CallInput) => Record<string, string>)[] {
  return parameters.flatMap((parameter) => {
    const { name, upstreamHeader } = parameter
    if (upstreamHeader === undefined) return []
    const place = findPosition(parameter)
    return [
      (input: CallInput): Record<string, string> => {
        const value = readOwn(input[place], name)
        return value === undefined ? {} : { [upstreamHeader]: writeHeaderText(parameter, value) }
      },
    ]
  })
}

/** Reads an idempotency key: a structured string and its bare text are the same one. */
function readIdempotencyKey(value: unknown): string | undefined {
  return typeof value === 'string' ? value.replace(/^"(.*)"$/, '$1') : undefined
}
