import type { Mutant } from './mutant.ts'
import type { Interference, WireRequest } from './mutating-proxy.ts'
import { listRequestChanges, type MutatedOperation } from './request-changes.ts'
import { listResponseChanges } from './response-changes.ts'
import { listToolChanges } from './tool-changes.ts'

/** Where a proxy stands: between gateway and upstream, or before one of the gateway's servers. */
export type MutatedPlace = 'upstream' | 'rest' | 'mcp'

/** The gateway doing one thing other than it does, by a proxy that does it in its stead. */
export interface BehaviourMutant extends Mutant {
  readonly place: MutatedPlace
  readonly interference: Interference
}

/** Lists what a gateway could do wrong with each operation: upwards, on the way back, and in its list of tools. */
export function listBehaviourMutants(operations: readonly MutatedOperation[]): BehaviourMutant[] {
  return operations.flatMap((facts) => {
    const [method = '', path = ''] = facts.operation.split(' ')
    const named = (place: MutatedPlace) => (entry: readonly [string, Interference]) => ({
      class: 'behaviour' as const,
      name: `${facts.operation}: ${entry[0]} (${place})`,
      operations: [facts.operation],
      allowed: false,
      place,
      interference: entry[1],
    })
    const upwards = listRequestChanges(facts).map(([what, onRequest]): [string, Interference] => [
      what,
      {
        onRequest: (request) =>
          request.method === method && isAt(request, path) ? onRequest(request) : request,
      },
    ])
    const back = listResponseChanges().map(([what, onResponse]): [string, Interference] => [
      what,
      { onResponse: (response, request) => (isAt(request, facts.rest) ? onResponse(response) : response) },
    ])
    const tools = listToolChanges(facts.tool).map(([what, onResponse]): [string, Interference] => [
      what,
      { onResponse },
    ])
    return [...upwards.map(named('upstream')), ...back.map(named('rest')), ...tools.map(named('mcp'))]
  })
}

/**
 * Returns whether a request is for a path template, by the path alone: some responses, as a 405, belong to a path and to no
 * method of it.
 */
export function isAt({ url }: WireRequest, template: string): boolean {
  const pattern = template.replaceAll(/\{\w+\}/g, '[^/]+')
  return new RegExp(`^${pattern}$`).test(url.split('?')[0] ?? '')
}
