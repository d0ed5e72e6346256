import { startMutatingProxy } from '../../contracts/mutants/mutating-proxy.ts'

/** A response on its way back. */
export interface PassingResponse {
  readonly status: number
  readonly text: string
}

/** A proxy that changes what comes back from the server behind it. */
export interface BreakingProxy extends AsyncDisposable {
  readonly url: string
}

/** Starts the proxy in front of a server; `change` gets each response with the request's method and path, and `dropped` headers do not come through. */
export async function startBreakingProxy(
  behind: string,
  change: (response: PassingResponse, line: string) => PassingResponse,
  dropped: readonly string[] = [],
): Promise<BreakingProxy> {
  const { origin } = new URL(behind)
  const proxy = await startMutatingProxy(origin)
  proxy.interfere({
    onResponse: ({ headers, ...passing }, { method, url }) => ({
      ...change(passing, `${method} ${url}`),
      headers: Object.fromEntries(Object.entries(headers).filter(([name]) => !dropped.includes(name))),
    }),
  })
  return {
    url: behind.replace(origin, proxy.url),
    [Symbol.asyncDispose]: () => proxy[Symbol.asyncDispose](),
  }
}
