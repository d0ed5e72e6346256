import type { Operation } from '../document/operations.ts'
import { GatewayError } from '../errors/gateway-error.ts'
import { covers, type Grant, refuseScope } from './grant.ts'

/** What the operator allows no client to do. */
export interface Policy {
  readonly allowDelete: boolean
}

/** Why nobody may call an operation here; undefined when somebody may. */
export function findBan({ method }: Operation, { allowDelete }: Policy): GatewayError | undefined {
  return method === 'DELETE' && !allowDelete ? new GatewayError('deletion_disabled') : undefined
}

/** Why a caller may not call an operation; undefined when it may. */
export function findRefusal(operation: Operation, policy: Policy, grant: Grant): GatewayError | undefined {
  return findBan(operation, policy) ?? (covers(grant, operation) ? undefined : refuseScope(operation))
}
