/** A request to the upstream. */
export interface UpstreamRequest {
  readonly method: string
  /** Path and query; no part of it is re-encoded. */
  readonly path: string
  /** Lower-case names; those without a value are not sent. */
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body?: string | Uint8Array | null | undefined
  /** Gives the request up; its reason is the error of the call. */
  readonly signal?: AbortSignal
}

/** A complete response of the upstream: nothing is passed on before its last byte has arrived. */
export interface UpstreamResponse {
  readonly status: number
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: Buffer
  /** The body of a success, which is one JSON text. */
  readonly json?: { readonly text: string; readonly value: unknown }
}

/** Sends a request as a part of the current call. Rejects with a `GatewayError` where there is no complete response. */
export type Send = (request: UpstreamRequest) => Promise<UpstreamResponse>

/** Adds one concern to sending; composed like the interceptors of undici. */
export type Interceptor = (send: Send) => Send

/** Wraps a way to send in interceptors; a request passes them in the order of the list. */
export function compose(send: Send, interceptors: readonly Interceptor[]): Send {
  return interceptors.reduceRight((next, intercept) => intercept(next), send)
}

/** True for a request that has no effect, so that it may be given up at any time. */
export function isRead({ method }: Pick<UpstreamRequest, 'method'>): boolean {
  return method === 'GET' || method === 'HEAD'
}
