/** Lists the variables of a path template, in their order: `/a/{b}/{c}` has `b` and `c`. */
export function listPathVariables(template: string): string[] {
  return [...template.matchAll(/\{([^}]+)\}/g)].map(([, name = '']) => name)
}

/** Finds a variable that stands twice in a path template, so that one of its values would be lost. */
export function findRepeatedVariable(template: string): string | undefined {
  return listPathVariables(template).find((name, index, all) => all.indexOf(name) < index)
}

/** Returns a name without case and separators: `{clientid}`, `{client-id}` and `clientId` are one variable. */
export function foldName(name: string): string {
  return name.toLowerCase().replaceAll(/[^\p{L}\p{M}\p{N}]/gu, '')
}

/**
 * Matches variables with names: each variable with the name that equals it, and with what is left the names that differ
 * in case and separators. No name is two variables: its value would stand in the place of another.
 */
export function matchNames(variables: readonly string[], names: readonly string[]): Map<string, string> {
  const matched = new Map(variables.flatMap((one) => (names.includes(one) ? [[one, one]] : [])))
  const left = names.filter((name) => !matched.has(name))
  for (const variable of variables.filter((one) => !matched.has(one))) {
    const folded = foldName(variable)
    const index = left.findIndex((name) => folded !== '' && foldName(name) === folded)
    const [name] = index < 0 ? [] : left.splice(index, 1)
    if (name !== undefined) matched.set(variable, name)
  }
  return matched
}

/** Returns a template with its variables' names folded; two templates of one shape are equal. */
export function foldTemplate(template: string): string {
  return template.replaceAll(/\{([^}]+)\}/g, (_, name: string) => `{${foldName(name)}}`)
}

/** A key of `paths` in its parts. */
export interface PathKey {
  /** Path template of the request. */
  readonly path: string
  /** Query that every request has, `draft=false`; empty for none. */
  readonly query: string
  /** Tells apart operations whose requests have one path, as `Action=List` in `/#Action=List`; never sent. */
  readonly label: string
}

/**
 * Splits a key of `paths`. A key may have a constant query and, as a fragment, a label that is never sent (RFC 9110
 * §7.1 keeps fragments out of requests). Question and number signs in the name of a variable belong to the name.
 */
export function splitPathKey(key: string): PathKey {
  const [, path = '', query = '', label = ''] =
    /^((?:\{[^}]*\}|[^?#])*)(?:\?((?:\{[^}]*\}|[^#])*))?(?:#(.*))?$/s.exec(key) ?? []
  return { path, query, label }
}

/** Gives a key of `paths` another label. */
export function relabelKey(key: string, label: string): string {
  const { path, query } = splitPathKey(key)
  return `${path}${query === '' ? '' : `?${query}`}#${label}`
}

/** Which variable of one template is which name of another. */
export interface VariableMatch {
  /** Variable of the template → the name that it is. */
  readonly names: ReadonlyMap<string, string>
  /** Variables that are none of the names. */
  readonly unmatched: readonly string[]
  /** Names that no variable is. */
  readonly lost: readonly string[]
}

/** Matches the variables of an exposed path with the names of path parameters: by name, the rest by position. */
export function matchVariables(template: string, names: readonly string[]): VariableMatch {
  const variables = [...new Set(listPathVariables(template))]
  const matched = matchNames(variables, names)
  const taken = new Set(matched.values())
  const left = names.filter((name) => !taken.has(name))
  for (const variable of variables.filter((one) => !matched.has(one))) {
    const name = left.shift()
    if (name !== undefined) matched.set(variable, name)
  }
  return { names: matched, unmatched: variables.filter((one) => !matched.has(one)), lost: left }
}

/** A key of `paths`, its path in parts. */
export interface PathTemplate {
  /** Literal text, percent-encoded, and names of variables in turn; begins and ends with a literal. */
  readonly parts: readonly string[]
  /** Without the question mark; empty for most. */
  readonly query: string
}

/** Takes a key of `paths` apart. */
export function parseTemplate(template: string): PathTemplate {
  const { path, query } = splitPathKey(template)
  const parts = path.split(/\{([^}]+)\}/).map((part, index) => (index % 2 === 0 ? encodeLiteral(part) : part))
  return { parts, query: encodeLiteral(query) }
}

/** Percent-encodes what may not stand in a URL; what is encoded already stays. */
function encodeLiteral(text: string): string {
  return text.toWellFormed().replaceAll(/[^\x21-\x7e]|["<>\\^`{|}]/gu, encodeURIComponent)
}

/** The texts that a variable of a template can have; undefined where they are not counted. */
export type VariableTexts = (variable: string) => readonly string[] | undefined

/**
 * Creates the pattern of the paths of URLs that have a template's shape; its groups are the variables' raw texts. Of two
 * variables in a segment, as in `{page}{extension}` and `{latitude}.{format}`, the texts of the second say where it begins.
 */
export function createPathPattern(template: string, findTexts: VariableTexts = () => undefined): RegExp {
  const { parts } = parseTemplate(template)
  const findAdjacent = (index: number) =>
    parts[index - 1]?.includes('/') ? undefined : findTexts(parts[index] ?? '')
  const pattern = parts.map((part, index) => {
    if (index % 2 === 0) return escapePattern(part)
    const texts = findAdjacent(index)
    if (texts) return `(${texts.map(escapePattern).join('|')})`
    return findAdjacent(index + 2) ? '([^/]+?)' : createVariablePattern(parts, index, '[^/]')
  })
  return new RegExp(`^${pattern.join('')}$`)
}

/**
 * Creates the pattern of a variable, the part with this index, of characters that a class names. Of two variables in a
 * segment the first ends where the literal between them begins: there is one way to read a text, however long it is.
 */
export function createVariablePattern(parts: readonly string[], index: number, characters: string): string {
  const literal = parts[index + 1] ?? ''
  if (literal.includes('/') || index + 2 >= parts.length) return `(${characters}+)`
  return literal === '' ? `(${characters})` : `(${characters}(?:(?!${escapePattern(literal)})${characters})*)`
}

function escapePattern(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
