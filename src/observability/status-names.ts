import { errorCatalogue } from '../errors/catalogue.ts'
import { clientDisconnected } from './request-log.ts'

/** Names a status for a label with a bounded number of values. */
export type StatusNames = (status: number) => string

/** Names the statuses of the document and of the error catalogue by number, and all others by class (`4xx`). */
export function createStatusNames(documented: readonly number[]): StatusNames {
  const own = Object.values(errorCatalogue).map(({ status }) => status)
  const known = new Map([...documented, ...own, clientDisconnected].map((status) => [status, String(status)]))
  return (status) => known.get(status) ?? `${Math.trunc(status / 100)}xx`
}
