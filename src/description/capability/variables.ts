import type { Capability } from './capability-file.ts'

/** What a capability calls its variables, and what they are called outside of it. */
export type Binds = ReadonlyMap<string, string>

/** Reads the variables of a capability: `{ TOKEN: GITHUB_TOKEN }` calls `GITHUB_TOKEN` what it writes as `{{TOKEN}}`. */
export function listBinds(binds: Capability['binds'] = []): Binds {
  return new Map(binds.flatMap(({ keys }) => Object.entries(keys)))
}

/** A variable of the environment and the text that stands before its value. */
export interface VariableUse {
  readonly name: string
  readonly prefix: string
}

/**
 * Reads a text that is one variable of the environment: `{{env.NAME}}`, declared or not, or `{{NAME}}` of a declared
 * one, perhaps after a fixed text as in `Bearer {{env.NAME}}`. Nothing for every other text.
 */
export function readVariable(text: string, binds: Binds): VariableUse | undefined {
  const [, prefix = '', space, name] = /^([^{}]*)\{\{\s*(env\.)?([^{}\s]+)\s*\}\}$/.exec(text) ?? []
  if (name === undefined) return undefined
  const declared = binds.get(name) ?? binds.get(name.slice(name.indexOf('.') + 1))
  if (space === undefined && declared === undefined) return undefined
  return { name: toEnvironmentName(declared ?? name), prefix }
}

/** Turns a key of a secret store into the name of an environment variable: `registry-token` is REGISTRY_TOKEN. */
function toEnvironmentName(name: string): string {
  return /^[A-Za-z_]\w*$/.test(name) ? name : name.toUpperCase().replaceAll(/\W/g, '_')
}
