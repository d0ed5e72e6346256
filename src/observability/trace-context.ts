/** What a caller says of the trace that its call belongs to. */
export interface TraceContext {
  /** As it goes upstream, in the version of the format that is known here. */
  readonly traceparent: string
  /** 32 hexadecimal digits. */
  readonly traceId: string
}

const form = /^(?!ff)([0-9a-f]{2})-((?!0{32})[0-9a-f]{32})-((?!0{16})[0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/

/**
 * Reads a `traceparent` header (W3C Trace Context §3.2); undefined for one that is not valid. Of a version that is
 * not known here only the parts that are known go on, in the known version, as §3.2.2.5 has it.
 */
export function readTraceparent(text: unknown): TraceContext | undefined {
  if (typeof text !== 'string') return undefined
  const [, version, traceId = '', parentId, flags = '', more] = form.exec(text) ?? []
  if (version === '00') return more === undefined ? { traceparent: text, traceId } : undefined
  if (version === undefined) return undefined
  const sampled = Number.parseInt(flags, 16) % 2
  return { traceparent: `00-${traceId}-${parentId}-0${sampled}`, traceId }
}
