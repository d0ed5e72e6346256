import type { Api, PinnableParameter } from '../document/api.ts'
import type { SecurityScheme } from '../document/security.ts'

/** What docs/configuration.md says of a variable. */
export interface VariableDescription {
  readonly default: string
  readonly description: string
  /** Whether a gateway over stdio has no use for it. */
  readonly isHttpOnly?: true
}

/**
 * Names a variable of an API by rule: the name of its description, then that of the thing, both in capitals with an
 * underscore between words. The scheme `secretKey` of `pet-store` reads `PET_STORE_SECRET_KEY`.
 */
export function nameVariable(api: Pick<Api, 'name'>, thing: string): string {
  const words = `${api.name}_${thing}`.replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
  return words.replaceAll(/[^A-Za-z0-9]+/g, '_').toUpperCase()
}

/** Names the variables of a security scheme: those that its description names, otherwise one by rule. */
export function nameSchemeVariables(api: Pick<Api, 'name'>, scheme: SecurityScheme): string[] {
  const { username, password } = scheme.variables ?? {}
  return username !== undefined && password !== undefined
    ? [username, password]
    : [nameWholeVariable(api, scheme)]
}

/**
 * Names the variable of a whole credential: the one that its description names, otherwise one by rule. Where a user and a
 * password have variables of their own, it takes both, with a colon between them.
 */
export function nameWholeVariable(api: Pick<Api, 'name'>, { name, variables }: SecurityScheme): string {
  return variables?.value ?? nameVariable(api, name)
}

/** Lists the variables that the document of an API gives rise to. */
export function listApiVariables(api: Api): Readonly<Record<string, VariableDescription>> {
  const name = (thing: string) => nameVariable(api, thing)
  const secrets = [
    ...api.schemes.flatMap((scheme) => {
      const names = nameSchemeVariables(api, scheme)
      const isSplit = names.length > 1
      const parts = names.map((one, index) => {
        const part = isSplit ? `, its ${index === 0 ? 'user' : 'password'}` : ''
        return [one, `${describeCredential(api, scheme, isSplit)}${part}`] as const
      })
      const instead = `, instead of \`${names.join('` and `')}\``
      const whole = `${describeCredential(api, scheme, false)}${instead}`
      return isSplit ? [...parts, [nameWholeVariable(api, scheme), whole] as const] : parts
    }),
    ...api.pins.map((pin) => [name(pin.name), describePin(api, pin)] as const),
  ]
  return Object.fromEntries([
    [
      name('base_url'),
      { default: api.baseUrl ?? '', description: `Base URL of the API${describePath(api)}` },
    ],
    ...secrets.flatMap(([variable, description]) => [
      [variable, { default: '', description }] as const,
      [
        `${variable}_FILE`,
        { default: '', description: `File that holds it, instead of \`${variable}\`` },
      ] as const,
    ]),
    [
      name('ca_file'),
      {
        default: '',
        description: 'File of PEM certificates to trust for the API, instead of the well-known ones',
      },
    ],
  ])
}

function describePath({ commonPath }: Api): string {
  return commonPath === '' ? '' : `, without \`${commonPath}\``
}

function describeCredential(
  api: Api,
  { name, in: place, key, prefix }: SecurityScheme,
  isSplit: boolean,
): string {
  const where = prefix === '' ? `the ${place} \`${key}\`` : `\`${key}: ${prefix}…\``
  const form = prefix === 'Basic ' && !isSplit ? ', a user and a password with a colon between them' : ''
  const pin = api.pins.find(({ credentials }) => credentials.includes(name))
  const limit = pin ? `; without \`${nameVariable(api, pin.name)}\` for MCP over stdio alone` : ''
  return `Credential of the security scheme \`${name}\`, sent as ${where}${form}${limit}`
}

function describePin(api: Api, { name, credentials }: PinnableParameter): string {
  const needs = credentials.length === 0 ? '' : `; needs ${nameCredentials(api, credentials, '`')}`
  return `The one value of the parameter \`${name}\` that is served${needs}`
}

/** Names the variables of the credential of a security scheme, by the scheme's name. */
export function nameCredential(api: Api, credential: string): string[] {
  const scheme = api.schemes.find(({ name }) => name === credential)
  return scheme ? nameSchemeVariables(api, scheme) : [nameVariable(api, credential)]
}

/** Names the variables of the credentials that belong to a pin, one of which is needed. */
export function nameCredentials(api: Api, credentials: readonly string[], quote = ''): string {
  const variables = credentials.map((credential) =>
    nameCredential(api, credential)
      .map((one) => `${quote}${one}${quote}`)
      .join(' and '),
  )
  return variables.join(' or ')
}
