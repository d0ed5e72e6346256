import { splitPathKey } from '../document/path-template.ts'
import type { DescribedOperation } from './description.ts'

/**
 * Gives what an operation is, whatever it is called: the path of its request with the base URL's, its variables without
 * their names, and its method. Operations with equal ones send equal requests to one address.
 */
export function identify(
  { key, method }: Pick<DescribedOperation, 'key' | 'method'>,
  baseUrl: string,
): string {
  const { path, query } = splitPathKey(key)
  const shape = eraseNames(path)
  return `${method.toUpperCase()} ${baseUrl}${shape}${query === '' ? '' : `?${query}`}`
}

/** Returns the path of a base URL, without slashes at its end; of a relative or templated one too. */
export function toBasePath(url: string): string {
  return url.replace(/^[a-z]+:\/\/[^/]*/i, '').replace(/\/+$/, '')
}

/** Returns a path template without the names of its variables, which make no other path: `/a/{b}` is `/a/{}`. */
export function eraseNames(template: string): string {
  return template.replaceAll(/\{[^}]*\}/g, '{}')
}
