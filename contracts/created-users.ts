import { asRecord } from '../src/document/json.ts'
import type { CallArguments } from './call-result.ts'
import { isList } from './values.ts'

/** A request as far as it says what becomes of users. */
export interface UserRequest {
  readonly method: string
  /** Path and query, with or without a prefix before `/oauth-clients`. */
  readonly path: string
}

/** Users that a run has made, the only ones that it may change or delete. */
export interface CreatedUsers {
  /** Begins the address of every user of this run. */
  readonly mark: string
  /** Creations that succeeded, those of deleted users included. */
  readonly count: number
  /** Makes an address that no other user of any run has. */
  makeAddress(): string
  /** False for a request that changes a user which this run has not made, and for a creation too many. */
  mayChange(request: UserRequest): boolean
  /** Learns from a response which user was made or deleted. */
  note(request: UserRequest, status: number | undefined, body: unknown): void
  /** Lists the users that are still there. */
  list(): readonly CreatedUser[]
}

/** A user and the OAuth client it belongs to. */
export interface CreatedUser {
  readonly clientId: string
  readonly userId: number
}

/** Users that one run may create at most. */
export const mostCreations = 150

/** What is said of a request that was not sent, for the sake of the API's users. */
export const notSent = `not sent: this run has not made that user, or ${mostCreations} users already`

/** An id that no user has: the largest but one. */
export const absentUser = 2_147_483_646

/** Leads a call that is about a user to the one that nobody has. */
export function leadToAbsentUser(values: CallArguments): CallArguments {
  return 'userId' in values ? { ...values, userId: absentUser } : values
}

const usersPath = /\/oauth-clients\/([^/?]+)\/users(?:\/([^/?]+)(?:\/force-refresh)?)?(?:\?.*)?$/

/** Starts without a user; creations are refused beyond so many. */
export function createCreatedUsers(most = mostCreations): CreatedUsers {
  const mark = `calgate-contract-${Date.now().toString(36)}${Math.floor(Math.random() * 1e6).toString(36)}-`
  const present = new Map<string, CreatedUser>()
  const known = new Set<string>([`${absentUser}`])
  let addresses = 0
  let count = 0
  return {
    mark,
    get count() {
      return count
    },
    makeAddress() {
      addresses += 1
      return `${mark}${addresses}@example.org`
    },
    mayChange({ method, path }) {
      const [, clientId, userId] = usersPath.exec(path) ?? []
      // An API whose responses cannot be read would be asked for a user again and again.
      if (method === 'POST' && clientId !== undefined && userId === undefined) return count < most
      return method === 'GET' || userId === undefined || known.has(userId) || !isId(userId)
    },
    note({ method, path }, status = 500, body) {
      const [, clientId, userId] = usersPath.exec(path) ?? []
      if (clientId === undefined || status >= 300) return
      if (method === 'DELETE' && userId !== undefined) present.delete(`${clientId} ${userId}`)
      if (method !== 'POST' || userId !== undefined) return
      count += 1
      const { id } = asRecord(asRecord(asRecord(body).data).user)
      if (typeof id !== 'number') return
      known.add(`${id}`)
      present.set(`${clientId} ${id}`, { clientId, userId: id })
    },
    list: () => [...present.values()],
  }
}

/** Returns whether an API may take for the id of a user, however it is spelled. */
function isId(text: string): boolean {
  const id = Number(safeDecode(text))
  return Number.isInteger(id) && id > 0 && id <= 2_147_483_647 && id !== absentUser
}

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** Ids of the users of a list whose addresses carry the mark of a run. */
export function findMarked(body: unknown, mark: string): number[] {
  const { data } = asRecord(body)
  return (isList(data) ? data : []).flatMap((user) => {
    const { id, email } = asRecord(user)
    return typeof id === 'number' && String(email).startsWith(mark) ? [id] : []
  })
}
