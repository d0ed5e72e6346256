import { listAnswerChanges } from './answer-changes.ts'
import type { Interference, WireRequest } from './hop.ts'
import type { Mutant } from './mutant.ts'
import { listRequestChanges, type Subject } from './request-changes.ts'
import { listToolChanges } from './tool-changes.ts'

/** Where a hop stands: between gateway and upstream, or before one of the gateway's doors. */
export type HopPlace = 'upstream' | 'rest' | 'mcp'

/** The gateway doing one thing other than it does, by a hop that does it in its stead. */
export interface BehaviourMutant extends Mutant {
  readonly place: HopPlace
  readonly interference: Interference
}

/** Lists what a gateway could do wrong with each operation: upwards, on the way back, and in its list of tools. */
export function listBehaviourMutants(subjects: readonly Subject[]): BehaviourMutant[] {
  return subjects.flatMap((subject) => {
    const [method = '', path = ''] = subject.operation.split(' ')
    const named = (place: HopPlace) => (entry: readonly [string, Interference]) => ({
      class: 'behaviour' as const,
      name: `${subject.operation}: ${entry[0]} (${place})`,
      operations: [subject.operation],
      allowed: false,
      place,
      interference: entry[1],
    })
    const upwards = listRequestChanges(subject).map(([what, onRequest]): [string, Interference] => [
      what,
      {
        onRequest: (request) =>
          request.method === method && isAt(request, path) ? onRequest(request) : request,
      },
    ])
    const back = listAnswerChanges().map(([what, onAnswer]): [string, Interference] => [
      what,
      { onAnswer: (answer, request) => (isAt(request, subject.rest) ? onAnswer(answer) : answer) },
    ])
    const tools = listToolChanges(subject.tool).map(([what, onAnswer]): [string, Interference] => [
      what,
      { onAnswer },
    ])
    return [...upwards.map(named('upstream')), ...back.map(named('rest')), ...tools.map(named('mcp'))]
  })
}

/** By the path alone: some answers, as a 405, belong to a path and to no method of it. */
function isAt({ url }: WireRequest, template: string): boolean {
  const pattern = template.replaceAll(/\{\w+\}/g, '[^/]+')
  return new RegExp(`^${pattern}$`).test(url.split('?')[0] ?? '')
}
