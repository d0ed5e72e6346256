import { setTimeout as wait } from 'node:timers/promises'
import {
  type Context,
  ROOT_CONTEXT,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api'
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from '@opentelemetry/resources'
import { type MetricProducer, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import { type MetricFamily, toMetricData } from './metric-data.ts'
import type { Tracing } from './tracing.ts'

/** Where telemetry goes, and what it is of. */
export interface TelemetryOptions {
  /** Base URL of an OTLP receiver over HTTP; `/v1/traces` and `/v1/metrics` follow it. */
  readonly endpoint: string
  /** Version of calgate. */
  readonly version: string
  /** Reads the metrics that are sent each minute. */
  readonly readMetrics: () => Promise<readonly MetricFamily[]>
}

/** Traces and metrics that go to an OTLP receiver. */
export interface Telemetry {
  readonly tracing: Tracing
  /** Sends what is left, or drops what cannot be sent in two seconds. */
  close(): Promise<void>
}

/** Milliseconds to send what is left. */
const longestClose = 2_000

/**
 * Opens traces and metrics by the SDK of OpenTelemetry, which reads its other variables itself (`OTEL_SERVICE_NAME`,
 * `OTEL_RESOURCE_ATTRIBUTES`, `OTEL_EXPORTER_OTLP_HEADERS`). What cannot be sent is dropped.
 */
export function openTelemetry({ endpoint, version, readMetrics }: TelemetryOptions): Telemetry {
  const own = resourceFromAttributes({ 'service.name': 'calgate', 'service.version': version })
  const resource = defaultResource()
    .merge(own)
    .merge(detectResources({ detectors: [envDetector] }))
  const at = (path: string) => ({ url: `${endpoint.replace(/\/+$/, '')}/v1/${path}` })
  const spanProcessors = [new BatchSpanProcessor({ exporter: new OTLPTraceExporter(at('traces')) })]
  const provider = new TracerProvider({ resource, spanProcessors })
  const tracer = provider.getTracer('calgate', version)
  const began = Date.now()
  const producer: MetricProducer = {
    async collect() {
      const metrics = (await readMetrics()).map((one) => toMetricData(one, began, Date.now()))
      return {
        resourceMetrics: { resource, scopeMetrics: [{ scope: { name: 'calgate', version }, metrics }] },
        errors: [],
      }
    },
  }
  const reader = new PeriodicExportingMetricReader({ exporter: new OTLPMetricExporter(at('metrics')) })
  reader.setMetricProducer(producer)
  return {
    tracing: {
      start(kind, name, parent, attributes) {
        const options = { kind: kind === 'server' ? SpanKind.SERVER : SpanKind.CLIENT, attributes }
        const span = tracer.startSpan(name, options, toContext(parent))
        const { traceId, spanId, traceFlags } = span.spanContext()
        return {
          traceId,
          traceparent: `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`,
          end(more, errorType) {
            span.setAttributes(errorType === undefined ? more : { ...more, 'error.type': errorType })
            if (errorType !== undefined) span.setStatus({ code: SpanStatusCode.ERROR })
            span.end()
          },
        }
      },
    },
    async close() {
      // A receiver that cannot be reached keeps nobody from ending.
      const sent = Promise.allSettled([reader.shutdown(), provider.shutdown()])
      await Promise.race([sent, wait(longestClose, undefined, { ref: false })])
    },
  }
}

function toContext(traceparent: string | undefined): Context {
  if (traceparent === undefined) return ROOT_CONTEXT
  const [, traceId = '', spanId = '', flags = ''] = traceparent.split('-')
  const remote: SpanContext = { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true }
  return trace.setSpanContext(ROOT_CONTEXT, remote)
}
