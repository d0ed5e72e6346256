import type { Operation } from '../src/document/operations.ts'
import type { CallInput } from '../src/document/validation.ts'
import type { ApiResponse, UpstreamClient } from '../src/upstream/client.ts'
import type { operations } from './openapi.d.ts'

type Success<Op> = Op extends { responses: infer Answers }
  ? Answers[keyof Answers & (200 | 201)] extends { content: { 'application/json': infer Data } }
    ? Data
    : never
  : never
type Arguments<Op> = (Op extends { parameters: { path: infer Path } } ? { path: Path } : unknown) &
  (Op extends { parameters: { query?: infer Query } } ? { query?: Query } : unknown) &
  (Op extends { parameters: { header: infer Header } } ? { header: Header } : unknown) &
  (Op extends { requestBody: { content: { 'application/json': infer Body } } } ? { body: Body } : unknown)

/** The shipped document's operations as functions; a wrong name, argument or body does not compile. */
export type TypedClient = {
  readonly [Id in keyof operations]: (
    input: Arguments<operations[Id]>,
  ) => Promise<ApiResponse<Success<operations[Id]>>>
}

/** Gives the client's operations by name, typed from the shipped document. */
export function typeClient(client: UpstreamClient, read: readonly Operation[]): TypedClient {
  const calls = read.map((operation): [string, unknown] => {
    const call = ({ path = {}, query = {}, header = {}, ...rest }: Partial<CallInput>) =>
      client.call(operation, { path, query, header, ...rest })
    return [operation.id, call]
  })
  const byName: unknown = Object.fromEntries(calls)
  // The names come from the document at run time and from its derived types at compile time: one source.
  return byName as TypedClient
}
