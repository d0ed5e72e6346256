/** The members of a V8 CPU profile that are read: nodes of the call tree, and the node of each sample. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number }
  }[]
  readonly samples: readonly number[]
  /** Microseconds since the sample before. */
  readonly timeDeltas: readonly number[]
}

/** Names with their self time in microseconds, the longest first. */
export type Times = readonly (readonly [string, number])[]

/** Rows of each table. */
const most = 45

/** Adds up the self time of the last microseconds of a profile, by function and by module, without idle time. */
export function summariseProfile(
  { nodes, samples, timeDeltas }: CpuProfile,
  last: number,
): { functions: Times; modules: Times } {
  let left = timeDeltas.reduce((sum, one) => sum + one, 0)
  const functions = new Map<string, number>()
  const modules = new Map<string, number>()
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]))
  for (const [index, id] of samples.entries()) {
    const frame = frames.get(id)
    const before = left
    left -= timeDeltas[index] ?? 0
    if (before > last || !frame || frame.functionName === '(idle)') continue
    const time = timeDeltas[index] ?? 0
    const module = nameModule(frame.url, frame.functionName)
    const name = `${frame.functionName || '(anonymous)'} ${nameFile(frame.url)}:${frame.lineNumber + 1}`
    add(functions, name, time)
    add(modules, module, time)
  }
  return { functions: sort(functions), modules: sort(modules) }
}

/** Names the package a file belongs to, `node:…` for Node's own, or the project's own folder. */
function nameModule(url: string, functionName: string): string {
  if (url === '') return functionName
  if (url.startsWith('node:')) return url
  const [, name] = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url) ?? []
  return name ?? url.replace(/^.*\/(src|bench)\//, '$1/').replace(/\/[^/]+$/, '')
}

function nameFile(url: string): string {
  return url.replace(/^.*node_modules\//, '').replace(/^file:.*?\/(?=src\/|bench\/)/, '')
}

function add(times: Map<string, number>, name: string, time: number): void {
  times.set(name, (times.get(name) ?? 0) + time)
}

function sort(times: ReadonlyMap<string, number>): Times {
  return [...times].sort(([, a], [, b]) => b - a).slice(0, most)
}
