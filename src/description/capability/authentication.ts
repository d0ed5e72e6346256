import { isDeepStrictEqual } from 'node:util'
import { asRecord } from '../../document/json.ts'
import { findFreeName } from '../naming.ts'
import type { Finding } from '../problem.ts'
import type { Authentication, Capability, ConsumedApi, InputParameter } from './capability-file.ts'
import type { Consumed } from './consumed-operations.ts'
import { type Binds, listBinds, readVariable } from './variables.ts'

/** A security scheme of OpenAPI; `x-env` names the variables that hold its values. */
type SecurityScheme = Readonly<Record<string, unknown>>

/** The security schemes of a capability, by name, and which of them each consumed operation takes together. */
export interface CapabilitySecurity {
  readonly schemes: Readonly<Record<string, SecurityScheme>>
  readonly requirements: ReadonlyMap<Consumed, readonly string[]>
}

/**
 * Derives security schemes from the `authentication` of the consumed APIs and from the parameters whose values come from
 * variables. Another scheme of a name is named with its API: each secret goes to the API that it belongs to.
 */
export function deriveSecurity(
  { binds, capability }: Capability,
  consumed: readonly Consumed[],
): CapabilitySecurity {
  const variables = listBinds(binds)
  const schemes = new Map<string, SecurityScheme>()
  const add = (wanted: string, { namespace }: ConsumedApi, scheme: SecurityScheme): string => {
    const isFree = (name: string) => isDeepStrictEqual(schemes.get(name) ?? scheme, scheme)
    const name = isFree(wanted) ? wanted : findFreeName(`${namespace}-${wanted}`, isFree)
    schemes.set(name, scheme)
    return name
  }
  const own = new Map<ConsumedApi, string>()
  for (const api of Object.values(capability.consumes)) {
    const { authentication } = api
    const scheme = authentication && toScheme(authentication, variables)
    if (scheme) own.set(api, add(authentication.type, api, scheme))
  }
  const requirements = new Map(
    consumed.map((one) => [
      one,
      [
        ...[own.get(one.api) ?? []].flat(),
        ...one.configured.map((parameter) =>
          add(parameter.name, one.api, toParameterScheme(parameter, variables)),
        ),
      ],
    ]),
  )
  return { schemes: Object.fromEntries(schemes), requirements }
}

function toScheme(authentication: Authentication, variables: Binds): SecurityScheme | undefined {
  const { type, token, username, password, key, value, placement } = authentication
  const toEnv = (texts: Readonly<Record<string, string | undefined>>) => {
    const uses = Object.entries(texts).map(
      ([name, text = '']) => [name, readVariable(text, variables)] as const,
    )
    const names = uses.flatMap(([name, use]) => (use ? [[name, use.name] as const] : []))
    const prefix = uses.find(([name]) => name === 'value')?.[1]?.prefix
    if (names.length < uses.length) return {}
    // `prefix` is all that stands before the value, and a token has the name of its scheme there too.
    const before = type.toLowerCase() === 'bearer' ? 'Bearer ' : ''
    return { 'x-env': { ...Object.fromEntries(names), ...(prefix && { prefix: before + prefix }) } }
  }
  switch (type.toLowerCase()) {
    case 'bearer':
      return { type: 'http', scheme: 'bearer', ...toEnv({ value: token?.replace(/^Bearer\s+/i, '') }) }
    case 'basic':
      return { type: 'http', scheme: 'basic', ...toEnv({ username, password }) }
    case 'apikey':
      return { type: 'apiKey', in: placement ?? 'header', name: key ?? '', ...toEnv({ value }) }
    default:
      return undefined
  }
}

/** A parameter whose value comes from a variable is an API key of the operator's. */
function toParameterScheme(parameter: InputParameter, binds: Binds): SecurityScheme {
  const { name: variable = '', prefix = '' } = readVariable(parameter.value ?? '', binds) ?? {}
  const env = { value: variable, ...(prefix && { prefix }) }
  return { type: 'apiKey', in: parameter.in, name: parameter.name, 'x-env': env }
}

const members = { bearer: ['token'], basic: ['username', 'password'], apikey: ['key', 'value'] } as const

/**
 * Finds what is wrong with the `authentication` of the consumed APIs. A secret that stands in the file itself is not
 * read: it would end in every document that is derived from it.
 */
export function findAuthenticationProblems({ binds, capability }: Capability): Finding[] {
  const variables = listBinds(binds)
  return capability.consumes.flatMap(({ authentication }, index): Finding[] => {
    if (!authentication) return []
    const path = ['capability', 'consumes', index, 'authentication']
    const known = Object.entries(members).find(([type]) => type === authentication.type.toLowerCase())
    if (!known)
      return [
        {
          path: [...path, 'type'],
          message: `authentication by "${authentication.type}" is not supported`,
          expected: 'one of bearer, basic, apikey',
          severity: 'warning',
        },
      ]
    const texts = asRecord(authentication)
    const placement = authentication.placement ?? 'header'
    return [
      ...known[1].flatMap((member): Finding[] => {
        const text = texts[member]
        if (typeof text !== 'string' || text === '')
          return [
            {
              path: [...path, member],
              message: `authentication by "${authentication.type}" has no ${member}`,
              expected: member === 'key' ? 'the name of a header or query parameter' : '{{env.NAME}}',
            },
          ]
        if (member === 'key' || readVariable(text, variables)) return []
        return [
          {
            path: [...path, member],
            message: `the ${member} is no variable, and is not read`,
            expected: '{{env.NAME}}',
            severity: 'warning',
          },
        ]
      }),
      ...(placement === 'header' || placement === 'query'
        ? []
        : [
            {
              path: [...path, 'placement'],
              message: `a key in "${placement}" is not supported`,
              expected: 'one of header, query',
            },
          ]),
    ]
  })
}
