/** The variables of a path template, in their order: `/a/{b}/{c}` has `b` and `c`. */
export function listVariables(template: string): string[] {
  return [...template.matchAll(/\{([^}]+)\}/g)].map(([, name = '']) => name)
}

/** A name without case and separators: `{clientid}`, `{client-id}` and `clientId` are one variable. */
export function foldName(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, '')
}

/** A template with its variables' names folded; two templates of one shape are equal. */
export function foldTemplate(template: string): string {
  return template.replaceAll(/\{([^}]+)\}/g, (_, name: string) => `{${foldName(name)}}`)
}
