import { basename } from 'node:path'
import type { Api } from '../document/api.ts'
import { readOwn } from '../document/json.ts'
import { listApiVariables, nameVariable, nameWholeVariable } from './api-variables.ts'
import { variables } from './variables.ts'

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
export function listSettingVariables(settings: Settings, api: Api): SettingVariable[] {
  const { descriptions = [] } = settings
  const described =
    descriptions.length > 1 ? nameDescriptions(descriptions.map(({ file = '' }) => file)) : [api.name]
  const fixed = Object.keys(variables).flatMap((variable): SettingVariable[] => {
    const key = nameSetting(variable)
    const found = readOwn(settings, key)
    return found === undefined ? [] : [{ path: [key], variable, value: String(found) }]
  })
  return [
    ...fixed,
    ...descriptions.flatMap((one, index) =>
      listApiSettings(one, (scheme) => findSchemeVariable(api, described, index, scheme), api).map(
        (entry) => ({
          ...entry,
          path: ['descriptions', index, ...entry.path],
        }),
      ),
    ),
  ]
}

/** A setting that cannot be used, and what is wrong with it. */
export interface SettingProblem {
  readonly path: SettingPath
  readonly message: string
}

/**
 * Finds the credentials and pins that would never be used, by the name that is mistyped, and the settings that would
 * overwrite those of another description.
 */
export function findSettingProblems(listed: readonly SettingVariable[], api: Api): SettingProblem[] {
  const known = listApiVariables(api)
  return listed.flatMap(({ path, variable, value }, index) => {
    const kind = path[2]
    if ((kind === 'credentials' || kind === 'pins') && !(variable in known)) {
      const [what, names] =
        kind === 'credentials'
          ? ['is no security scheme of the API', api.schemes]
          : ['is no parameter that can be pinned', api.pins]
      const expected = names.map(({ name }) => name).join(', ')
      return [
        { path, message: `${what}; expected ${expected === '' ? 'nothing there' : `one of ${expected}`}` },
      ]
    }
    const earlier = listed.slice(0, index).find((one) => one.variable === variable && one.value !== value)
    if (!earlier) return []
    const place = earlier.path.join('.')
    return [{ path, message: `and ${place} are one setting, ${variable}; expected one value of it` }]
  })
}

function listApiSettings(
  { file, baseUrl, caFile, credentials = {}, pins = {} }: DescriptionSettings,
  findVariable: (scheme: string) => string,
  api: Api,
): SettingVariable[] {
  const list = (key: string, value: string | undefined, variable: string) =>
    value === undefined ? [] : [{ path: [key], variable: nameVariable(api, variable), value }]
  return [
    // The address of a description that is loaded is an option of loading.
    ...list('baseUrl', file === undefined ? baseUrl : undefined, 'base_url'),
    ...list('caFile', caFile, 'ca_file'),
    ...Object.entries(credentials).map(([scheme, value]) => ({
      path: ['credentials', scheme],
      variable: findVariable(scheme),
      value,
    })),
    ...Object.entries(pins).map(([pin, value]) => ({
      path: ['pins', pin],
      variable: nameVariable(api, pin),
      value,
    })),
  ]
}

/**
 * Finds the variable of a security scheme: of several descriptions, the one that is named after its own, or that it
 * names itself; never one that is named after another.
 */
function findSchemeVariable(api: Api, described: readonly string[], index: number, scheme: string): string {
  const [own = '', ...others] = [...described.slice(index), ...described.slice(0, index)].map((name) =>
    nameVariable({ name }, scheme),
  )
  // Where another description has a scheme of the same name, this one's has a name of its own.
  const names = others.length > 0 ? [`${scheme}_${described[index]}`, scheme] : [scheme]
  const variables = names
    .flatMap((one) => api.schemes.filter(({ name }) => name === one))
    .map((one) => nameWholeVariable(api, one))
  return variables.includes(own) ? own : (variables.find((one) => !others.includes(one)) ?? own)
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

/** Names descriptions by their files; of equal names, the second becomes `shop-2`. */
export function nameDescriptions(files: readonly string[]): string[] {
  const names: string[] = []
  for (const file of files) {
    const own = nameDescription(file)
    let name = own
    for (let count = 2; names.includes(name); count += 1) name = `${own}-${count}`
    names.push(name)
  }
  return names
}
