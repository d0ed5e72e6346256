import { type HrTime, ValueType } from '@opentelemetry/api'
import {
  AggregationTemporality,
  DataPointType,
  type Histogram,
  type MetricData,
} from '@opentelemetry/sdk-metrics'

/** A metric as prom-client writes it as JSON: each sample with its labels, those of a histogram with a name of their own. */
export interface MetricFamily {
  readonly name: string
  readonly help: string
  readonly type: string
  readonly values: readonly MetricSample[]
}

interface MetricSample {
  readonly labels: Readonly<Record<string, string | number | undefined>>
  readonly value: number
  readonly metricName?: string
}

/** Converts a metric of Prometheus to one of OpenTelemetry, by the compatibility specification. Times are Unix milliseconds. */
export function toMetricData(family: MetricFamily, began: number, now: number): MetricData {
  const { name, help: description, type, values } = family
  const times = { startTime: toHrTime(began), endTime: toHrTime(now) }
  const unit = name.includes('seconds') ? 's' : name.includes('bytes') ? 'By' : ''
  const common = {
    descriptor: { name, description, unit, valueType: ValueType.DOUBLE },
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
  }
  if (type === 'histogram') {
    const dataPoints = [...groupSamples(values).values()].map((samples) => {
      const { le: _, ...attributes } = samples[0]?.labels ?? {}
      return { ...times, attributes, value: toHistogram(name, samples) }
    })
    return { ...common, dataPointType: DataPointType.HISTOGRAM, dataPoints }
  }
  const dataPoints = values.map(({ labels, value }) => ({ ...times, attributes: { ...labels }, value }))
  return type === 'counter'
    ? { ...common, dataPointType: DataPointType.SUM, isMonotonic: true, dataPoints }
    : { ...common, dataPointType: DataPointType.GAUGE, dataPoints }
}

function groupSamples(values: readonly MetricSample[]): Map<string, MetricSample[]> {
  return Map.groupBy(values, ({ labels: { le: _, ...labels } }) =>
    JSON.stringify(Object.entries(labels).sort()),
  )
}

/** Buckets of Prometheus count what is at most their boundary; those of OpenTelemetry what is above the one before too. */
function toHistogram(name: string, samples: readonly MetricSample[]): Histogram {
  const find = (suffix: string) =>
    samples.find(({ metricName }) => metricName === `${name}_${suffix}`)?.value ?? 0
  const buckets = samples.filter(({ metricName }) => metricName === `${name}_bucket`)
  const counts = buckets.map(({ value }, index) => value - (buckets[index - 1]?.value ?? 0))
  const boundaries = buckets.map(({ labels }) => Number(labels.le)).filter(Number.isFinite)
  return { buckets: { boundaries, counts }, sum: find('sum'), count: find('count') }
}

function toHrTime(milliseconds: number): HrTime {
  return [Math.floor(milliseconds / 1000), (milliseconds % 1000) * 1_000_000]
}
