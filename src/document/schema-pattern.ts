import { isPattern } from './linear-pattern.ts'

/**
 * Gives a pattern as JSON Schema has it: a regular expression with Unicode (ECMA-262, flag `u`), where no other
 * characters may be escaped than those that need it. Undefined where it is none of JavaScript.
 */
export function repairPattern(pattern: string): string | undefined {
  const bare = dropEscapes(pattern)
  // A hyphen after a class of characters begins no range.
  return [pattern, bare, bare.replaceAll(/(\\[wWdDsS])-/g, '$1\\-')].find(isPattern)
}

/** Writes `\@` as `@`, and outside of a class `\-` as `-`. A lone bracket or brace is the character itself. */
function dropEscapes(pattern: string): string {
  let inClass = false
  return pattern.replaceAll(/\\(?:[pP]\{[^}]*\}|.)|\{\d+(?:,\d*)?\}|[[\]{}]/gs, (found) => {
    if (found.startsWith('\\')) return isNeeded(found, inClass) ? found : found.slice(1)
    const opens = found === '[' && !inClass
    const closes = found === ']' && inClass
    if (opens) inClass = true
    if (closes) inClass = false
    return opens || closes || inClass || found.length > 1 ? found : `\\${found}`
  })
}

function isNeeded(escaped: string, inClass: boolean): boolean {
  return /^\\(?:[\^$\\.*+?()[\]{}|/dDsSwWbBfnrtv0-9cxukpP])/.test(escaped) || (inClass && escaped === '\\-')
}
