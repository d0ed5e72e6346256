import { upgrade } from '@scalar/openapi-upgrader'
import { asRecord, isObject } from '../../document/json.ts'
import type { Finding } from '../problem.ts'

/** A document as OpenAPI 3.1, which is changed in place from here on, and what upgrading it has cost. */
export interface UpgradedDocument {
  readonly document: Record<string, unknown>
  readonly findings: readonly Finding[]
}

/** Gives the version of an OpenAPI document that can be read: `2.0`, `3.0`, `3.1` or `3.2`. */
export function readVersion(document: unknown): string | undefined {
  const { swagger, openapi } = asRecord(document)
  const [, version] = /^(2\.0|3\.[0-2])(?:\.|$)/.exec(String(swagger ?? openapi)) ?? []
  return version
}

/**
 * Upgrades an OpenAPI 2.0 or 3.0 document to 3.1; the methods and places of 3.2 are kept as they stand. Where the
 * upgrader fails, it is given the paths one by one, so that one of them costs itself alone.
 */
export function upgradeDocument(source: object): UpgradedDocument {
  const whole = tryUpgrade(source)
  if (whole) return { document: whole, findings: [] }
  const { paths, ...rest } = asRecord(source)
  const upgraded: Record<string, unknown> = {}
  const findings = Object.entries(asRecord(paths)).flatMap(([path, item]): Finding[] => {
    const one = tryUpgrade({ ...rest, paths: { [path]: item } })
    if (one) Object.assign(upgraded, one.paths)
    if (one) return []
    const message = `the path ${path} cannot be read`
    return [{ path: ['paths', path], message, expected: 'a Path Item Object', severity: 'omission' }]
  })
  return { document: { ...tryUpgrade({ ...rest, paths: {} }), paths: upgraded }, findings }
}

function tryUpgrade(source: object): Record<string, unknown> | undefined {
  try {
    const upgraded: unknown = upgrade({ ...structuredClone(source) }, '3.1')
    return isObject(upgraded) ? { ...upgraded } : undefined
  } catch {
    return undefined
  }
}
