import { basename } from 'node:path'
import type { Api } from '../document/api.ts'
import { listApiVariables, nameSchemeVariables, nameVariable } from './api-variables.ts'
import type { variables } from './variables.ts'

type CamelCase<Name extends string> = Name extends `${infer Head}_${infer Rest}`
  ? `${Lowercase<Head>}${Capitalize<CamelCase<Rest>>}`
  : Lowercase<Name>

/** One description and what belongs to its API. */
export interface DescriptionSettings {
  /** A capability or an OpenAPI document; without one, what calgate ships with. */
  readonly file?: string
  readonly baseUrl?: string
  readonly prefix?: string
  readonly caFile?: string
  /** Credentials by the names of security schemes. */
  readonly credentials?: Readonly<Record<string, string>>
  /** The one value that is served of a parameter, by its name. */
  readonly pins?: Readonly<Record<string, string>>
}

/** Settings of a gateway: what calgate.yaml has. Each variable of the gateway is a member, in camel case. */
export type Settings = {
  readonly [Name in keyof typeof variables as CamelCase<Name>]?: Setting
} & {
  readonly descriptions?: readonly DescriptionSettings[]
  readonly overlays?: readonly string[]
  readonly schemas?: readonly string[]
  readonly serverVariables?: Readonly<Record<string, string>>
  readonly tags?: readonly string[]
  readonly operations?: readonly string[]
  readonly exclude?: readonly string[]
  readonly readOnly?: boolean
  readonly allowReferences?: readonly string[]
  readonly strict?: boolean
}

/** The value of a variable, as it is written in a file. */
export type Setting = string | number | boolean | readonly string[]

/** A place in the settings. */
export type SettingPath = readonly (string | number)[]

/** A variable that a setting stands for. */
export interface SettingVariable {
  readonly path: SettingPath
  readonly variable: string
  readonly value: string
}

/** Names the member of the settings for a variable: `REST_PORT` is `restPort`. */
export function nameSetting(variable: string): string {
  return variable.toLowerCase().replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
}

/** Lists the variables that settings stand for. `api` is that of the loaded descriptions. */
export function listSettingVariables(
  settings: Settings,
  api: Api,
  names: readonly string[],
): SettingVariable[] {
  const { descriptions = [] } = settings
  const fixed = names.flatMap((variable): SettingVariable[] => {
    const key = nameSetting(variable)
    const found = Object.entries(settings).find(([name]) => name === key)?.[1]
    return found === undefined ? [] : [{ path: [key], variable, value: String(found) }]
  })
  return [
    ...fixed,
    ...descriptions.flatMap((one, index) =>
      listApiSettings(one, descriptions.length > 1, api).map((entry) => ({
        ...entry,
        path: ['descriptions', index, ...entry.path],
      })),
    ),
  ]
}

/** A credential or a pin that the API has no place for, and what is wrong with it. */
export interface UnknownSetting {
  readonly path: SettingPath
  readonly message: string
}

/** Finds the credentials and pins that would never be used, by the name that is mistyped. */
export function findUnknownSettings(listed: readonly SettingVariable[], api: Api): UnknownSetting[] {
  const known = listApiVariables(api)
  return listed.flatMap(({ path, variable }) => {
    const kind = path[2]
    if ((kind !== 'credentials' && kind !== 'pins') || variable in known) return []
    const [what, names] =
      kind === 'credentials'
        ? ['is no security scheme of the API', api.schemes]
        : ['is no parameter that can be pinned', api.pins]
    const expected = names.map(({ name }) => name).join(', ')
    return [
      { path, message: `${what}; expected ${expected === '' ? 'nothing there' : `one of ${expected}`}` },
    ]
  })
}

function listApiSettings(settings: DescriptionSettings, isOneOfMany: boolean, api: Api): SettingVariable[] {
  const { file, baseUrl, caFile, credentials = {}, pins = {} } = settings
  const name = isOneOfMany && file !== undefined ? nameDescription(file) : api.name
  const list = (key: string, value: string | undefined, variable: string) =>
    value === undefined ? [] : [{ path: [key], variable: nameVariable(api, variable), value }]
  return [
    // The address of a description that is loaded is an option of loading.
    ...list('baseUrl', file === undefined ? baseUrl : undefined, 'base_url'),
    ...list('caFile', caFile, 'ca_file'),
    ...Object.entries(credentials).map(([scheme, value]) => ({
      path: ['credentials', scheme],
      variable: findSchemeVariable(api, name, scheme),
      value,
    })),
    ...Object.entries(pins).map(([pin, value]) => ({
      path: ['pins', pin],
      variable: nameVariable(api, pin),
      value,
    })),
  ]
}

/** The variable of a security scheme: of several descriptions, the one that is named after its own. */
function findSchemeVariable(api: Api, description: string, scheme: string): string {
  const own = nameVariable({ name: description }, scheme)
  const found =
    api.schemes.find((one) => nameSchemeVariables(api, one)[0] === own) ??
    api.schemes.find((one) => one.name === scheme)
  return found ? (nameSchemeVariables(api, found)[0] ?? own) : own
}

/** Names a description by its file: `/apis/Pet Store.v2.yaml` is `pet-store-v2`; always a name that starts with a letter. */
export function nameDescription(file: string): string {
  const words = basename(file)
    .replace(/\.(ya?ml|json)$/i, '')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter(Boolean)
    .join('-')
  return /^[a-z]/.test(words) ? words.slice(0, 40).replace(/-$/, '') : `api-${words}`.slice(0, 40)
}
