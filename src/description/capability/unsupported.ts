import { asRecord } from '../../document/json.ts'
import type { Finding, Path, Severity } from '../problem.ts'

/** Keys of an exposed operation or tool that make it more than one call. */
const orchestration = ['steps', 'ref', 'script']

/** Members of an input parameter that a gateway reads; the format has no others but the `value` of an exposed one. */
const parameterMembers = ['name', 'in', 'type', 'description', 'required', 'pattern']

/**
 * Finds the parts of a capability that a gateway does not serve, each at its key: what is no plain call of an HTTP
 * operation. An omission is left out with the element of the list that has it; beside a warning all that a gateway
 * serves remains. Takes what a file says, of whatever form.
 */
export function findUnsupported(value: unknown): Finding[] {
  const capability = asRecord(asRecord(value).capability)
  const root: Path = ['capability']
  return [
    ...findKey(capability, 'aggregates', root, 'operations and tools with a plain call', 'warning'),
    ...each(capability.consumes).flatMap(([api, i]) => {
      const place = [...root, 'consumes', i]
      if (api.import !== undefined) return findKey(api, 'import', place, 'the resources in this file')
      const known = [...parameterMembers, 'value']
      return [
        ...findType(api, place, ['http']),
        ...findMembers(api, place, known),
        ...each(api.resources).flatMap(([resource, j]) => [
          ...findMembers(resource, [...place, 'resources', j], known),
          ...each(resource.operations).flatMap(([operation, k]) => {
            const path = [...place, 'resources', j, 'operations', k]
            return [
              ...findKey(operation, 'body', path, 'an input parameter in body'),
              ...findMembers(operation, path, known),
            ]
          }),
        ]),
      ]
    }),
    ...each(capability.exposes).flatMap(([surface, i]) => {
      const place = [...root, 'exposes', i]
      const findCalls = (exposed: Part, path: Path) => [
        ...orchestration.flatMap((key) => findKey(exposed, key, path, 'a plain call')),
        ...findMapping(exposed, path),
        ...findMembers(exposed, path, parameterMembers),
      ]
      return [
        ...findType(surface, place, ['rest', 'mcp']),
        ...findKey(surface, 'authentication', place, 'GATEWAY_KEYS_FILE or OAUTH_ISSUER', 'warning'),
        ...findKey(surface, 'prompts', place, 'tools', 'warning'),
        ...(surface.type === 'mcp' ? findKey(surface, 'resources', place, 'tools', 'warning') : []),
        ...each(surface.tools).flatMap(([tool, j]) => findCalls(tool, [...place, 'tools', j])),
        ...(surface.type === 'rest' ? each(surface.resources) : []).flatMap(([resource, j]) => {
          const path = [...place, 'resources', j]
          return [
            ...findMembers(resource, path, parameterMembers),
            ...findKey(
              resource,
              'forward',
              path,
              'operations with a plain call',
              resource.operations === undefined ? 'omission' : 'warning',
            ),
            ...each(resource.operations).flatMap(([operation, k]) =>
              findCalls(operation, [...path, 'operations', k]),
            ),
          ]
        }),
      ]
    }),
  ]
}

type Part = Readonly<Record<string, unknown>>

function each(list: unknown): [Part, number][] {
  return Array.isArray(list) ? list.map((one, index) => [asRecord(one), index]) : []
}

function findKey(
  part: Part,
  key: string,
  place: Path,
  expected: string,
  severity: Severity = 'omission',
): Finding[] {
  if (part[key] === undefined) return []
  return [{ path: [...place, key], message: `"${key}" is not supported`, expected, severity }]
}

/** Finds what the input parameters of a part say of a value that is not checked: a pattern is one of texts alone. */
function findMembers(part: Part, place: Path, known: readonly string[]): Finding[] {
  return each(part.inputParameters).flatMap(([parameter, index]) => {
    const isText = parameter.type === undefined || parameter.type === 'string'
    const path = [...place, 'inputParameters', index]
    const others = Object.keys(parameter).filter(
      (name) => !known.includes(name) || (name === 'pattern' && !isText),
    )
    return others.flatMap((key) =>
      findKey(parameter, key, path, 'a schema in a document of --schemas', 'warning'),
    )
  })
}

/** The response of the API is passed on as it is: a mapping of all of it (`$.`) is one that is kept. */
function findMapping(exposed: Part, path: Path): Finding[] {
  const isWhole = each(exposed.outputParameters).every(([{ mapping }]) => mapping === '$' || mapping === '$.')
  const expected = 'the response of the API, mapping: $.'
  return isWhole ? [] : findKey(exposed, 'outputParameters', path, expected, 'warning')
}

function findType(part: Part, place: Path, supported: readonly string[]): Finding[] {
  const { type } = part
  if (typeof type !== 'string' || supported.includes(type)) return []
  return [
    {
      path: [...place, 'type'],
      message: `the type "${type}" is not supported`,
      expected: `one of ${supported.join(', ')}`,
      severity: 'omission',
    },
  ]
}
