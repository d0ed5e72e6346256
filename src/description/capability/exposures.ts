import { foldName } from '../../document/path-template.ts'
import { eraseNames } from '../identity.ts'
import type { Path } from '../problem.ts'
import type { Capability, ExposedOperation, ExposedTool, InputParameter } from './capability-file.ts'
import { type Consumed, toRequestShape } from './consumed-operations.ts'

/** A REST operation or a tool of a surface, with the consumed operation that its `call` leads to. */
export interface Exposure<Exposed> {
  readonly exposed: Exposed
  /** Where it stands in the file. */
  readonly place: Path
  /** The first part of its bindings, `rest` or `tools`; the surface's own namespace says the same. */
  readonly sources: readonly string[]
  /** Nothing where the file has no operation of that name. */
  readonly target: Consumed | undefined
}

/** A REST operation with its path and the parameters of its resource. */
export type Route = ExposedOperation & { readonly path: string }

/** Everything that a capability exposes, in its order. */
export interface Exposures {
  readonly routes: readonly Exposure<Route>[]
  readonly tools: readonly Exposure<ExposedTool>[]
}

/**
 * Finds the consumed operation of each exposure. Where operations share a name, a route leads to the one with its
 * method and path, and otherwise the second exposure to the second operation.
 */
export function resolveExposures({ capability }: Capability, consumed: readonly Consumed[]): Exposures {
  const routes = capability.exposes.flatMap((surface, i) =>
    surface.type !== 'rest'
      ? []
      : surface.resources.flatMap(({ path, inputParameters = [], operations }, j) =>
          operations.flatMap((operation, k) => ({
            exposed: {
              ...operation,
              path,
              inputParameters: [...inputParameters, ...(operation.inputParameters ?? [])],
            },
            place: ['capability', 'exposes', i, 'resources', j, 'operations', k],
            sources: ['rest', surface.namespace],
          })),
        ),
  )
  const tools = capability.exposes.flatMap((surface, i) =>
    surface.type !== 'mcp'
      ? []
      : surface.tools.flatMap((exposed, j) => ({
          exposed,
          place: ['capability', 'exposes', i, 'tools', j],
          sources: ['tools', surface.namespace],
        })),
  )
  const routeTargets = new TargetFinder(consumed)
  const toolTargets = new TargetFinder(consumed)
  return {
    routes: routes.map((one) => ({ ...one, target: routeTargets.find(one.exposed) })),
    tools: tools.map((one) => ({ ...one, target: toolTargets.find(one.exposed) })),
  }
}

class TargetFinder {
  readonly #byName: ReadonlyMap<string, readonly Consumed[]>
  readonly #used = new Set<Consumed>()

  constructor(consumed: readonly Consumed[]) {
    this.#byName = Map.groupBy(consumed, ({ api, name }) => `${api.namespace}.${name}`)
  }

  find({ call, method, path }: { call: string; method?: string; path?: string }): Consumed | undefined {
    const named = this.#byName.get(call) ?? []
    const free = named.filter((one) => !this.#used.has(one))
    const sameMethod = free.filter((one) => one.method === method)
    const samePath = sameMethod.filter(({ key }) => foldName(path ?? '').endsWith(foldName(key)))
    const found = samePath[0] ?? sameMethod[0] ?? free[0] ?? named[0]
    if (found) this.#used.add(found)
    return found
  }
}

/** One operation of the document: a consumed one with at most one route and one tool. */
export interface ExposedConsumed {
  readonly consumed: Consumed
  readonly route?: Exposure<Route>
  readonly tool?: Exposure<ExposedTool>
}

/**
 * Pairs the routes and tools of each consumed operation. One that has several of them stands several times; one that
 * has none stands alone, unless an earlier one sends the same request. A route belongs to the first that has it.
 */
export function pairExposures(
  consumed: readonly Consumed[],
  { routes, tools }: Exposures,
): ExposedConsumed[] {
  const shadowed = new Set(findShadowed(routes).map(({ route }) => route))
  const shapes = new Set<string>()
  return consumed.flatMap((one) => {
    const own = {
      routes: routes.filter((route) => route.target === one && !shadowed.has(route)),
      tools: tools.filter(({ target }) => target === one),
    }
    const shape = toRequestShape(one)
    const count = Math.max(own.routes.length, own.tools.length, shapes.has(shape) ? 0 : 1)
    shapes.add(shape)
    return Array.from({ length: count }, (_, index) => {
      const [route, tool] = [own.routes[index], own.tools[index]]
      return { consumed: one, ...(route && { route }), ...(tool && { tool }) }
    })
  })
}

/** A route that an earlier one of the same method and shape keeps from being reached. */
export interface ShadowedRoute {
  readonly route: Exposure<Route>
  readonly earlier: Exposure<Route>
  /** True when the earlier route sends an equal request, so that nothing is lost. */
  readonly isEqual: boolean
}

/** Finds the routes that have the method and the shape of an earlier one. */
export function findShadowed(routes: readonly Exposure<Route>[]): ShadowedRoute[] {
  const first = new Map<string, Exposure<Route>>()
  return routes.flatMap((route) => {
    const shape = `${route.exposed.method} ${eraseNames(route.exposed.path)}`
    const earlier = first.get(shape)
    if (!earlier) first.set(shape, route)
    if (!earlier) return []
    const isEqual =
      route.target !== undefined &&
      earlier.target !== undefined &&
      toRequestShape(route.target) === toRequestShape(earlier.target)
    return [{ route, earlier, isEqual }]
  })
}

/** Lists the parameters of an operation, its body among them. */
export function listBindable({ parameters, body }: Consumed): InputParameter[] {
  return [...parameters, ...(body ? [body] : [])]
}

/** A binding of an exposure: the exposed name that a parameter of the target takes its value from. */
export interface Binding {
  /** Name of the target's parameter. */
  readonly parameter: string
  /** Name on the surface; nothing for a text that is no reference. */
  readonly source: string | undefined
}

/** Reads the bindings of an exposure: those of `with`, or without one every parameter by its own name. */
export function readBindings({
  exposed,
  sources,
  target,
}: Exposure<{ with?: Readonly<Record<string, string>> }>): Binding[] {
  if (!target) return []
  const bound = Object.entries(exposed.with ?? {}).map(([parameter, text]) => ({
    parameter,
    source: readSourceName(text, sources),
  }))
  const unbound = listBindable(target).filter(({ name, in: place, value }) => {
    if (value !== undefined && /^\{\{[^{}]+\}\}$/.test(value)) return true
    if (exposed.with === undefined) return value === undefined
    return place === 'path' && target.undeclared.includes(name) && !Object.hasOwn(exposed.with, name)
  })
  return [
    ...bound,
    ...unbound.map(({ name, value }) => ({
      parameter: name,
      source: value === undefined ? name : readSourceName(value, sources),
    })),
  ]
}

function readSourceName(text: string, sources: readonly string[]): string | undefined {
  const [, template] = /^\{\{\s*([^{}\s]+)\s*\}\}$/.exec(text) ?? []
  if (template !== undefined) return readSourceName(template, sources) ?? template
  const source = sources.find((one) => text.startsWith(`${one}.`))
  return source === undefined ? undefined : text.slice(source.length + 1)
}
