import { hash } from 'node:crypto'

/** Most characters of a tool name or an argument; MCP clients refuse longer ones. */
const longest = 64

/**
 * Gives out the names of tools: letters, digits, `_` and `-` alone, at most 64 characters, none twice. What is cut, or
 * is taken already, ends in a short hash, so that a name is the same on every start.
 */
export class NameRegistry {
  readonly #taken = new Set<string>()

  /** Takes a name for something; `identity` is what it is, for the hash of a name that is taken. */
  take(wanted: string, identity: string): string {
    const clean = toClean(wanted, /[^A-Za-z0-9_-]+/g) || 'operation'
    const fitting = clean.length > longest ? withHash(clean, wanted) : clean
    const free = this.#taken.has(fitting) ? this.#findFree(clean, identity) : fitting
    this.#taken.add(free)
    return free
  }

  #findFree(clean: string, identity: string): string {
    for (let count = 0; ; count += 1) {
      const candidate = withHash(clean, `${identity} ${count || ''}`)
      if (!this.#taken.has(candidate)) return candidate
    }
  }
}

/** Finds a name that is free: the one that is wanted, or that with a number. */
export function findFreeName(wanted: string, isFree: (name: string) => boolean): string {
  let name = wanted
  for (let count = 2; !isFree(name); count += 1) name = `${wanted}-${count}`
  return name
}

/** Makes the name of an operation that has none, of its method and path, `get_things_id`. */
export function toOperationName(method: string, key: string): string {
  return toClean(`${method.toLowerCase()}_${key}`, /[^A-Za-z0-9-]+/g) || 'operation'
}

/**
 * Makes argument names for the parts of a request, by the names that are wanted for them: letters, digits, `_`, `.` and
 * `-` alone, at most 64 characters, none twice. A part's own name is never another one's, wherever it stands: who knows
 * the API would give that one's value.
 */
export function toArgumentNames(bound: readonly (readonly [part: string, wanted: string])[]): string[] {
  const taken = new Set<string>()
  const all = bound.map(([part, wanted], index) => {
    const clean = toClean(wanted, /[^A-Za-z0-9_.-]+/g) || 'argument'
    const fitting = clean.length > longest ? withHash(clean, wanted) : clean
    const rank = fitting !== wanted ? 2 : wanted === part ? 0 : 1
    return { index, clean, fitting, rank }
  })
  const names: string[] = []
  for (const { index, clean, fitting } of all.toSorted((one, other) => one.rank - other.rank)) {
    let name = fitting
    for (let count = 2; taken.has(name); count += 1) name = `${clean.slice(0, longest - 4)}_${count}`
    taken.add(name)
    names[index] = name
  }
  return names
}

/** Replaces by `_` what is foreign to the rule of a name; one that keeps the rule stays as it is. */
function toClean(text: string, foreign: RegExp): string {
  return text.search(foreign) < 0 ? text : text.replaceAll(foreign, '_').replaceAll(/^_+|_+$/g, '')
}

function withHash(name: string, source: string): string {
  return `${name.slice(0, longest - 8).replace(/[_-]+$/, '')}-${hash('sha256', source).slice(0, 7)}`
}
