import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { MetricFamily } from './metric-data.ts'

const seconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

/** Registers metrics under the gateway's prefix and renders them for Prometheus. */
export class Metrics {
  readonly #registry = new Registry()

  /** Returns the content type of the rendered text. */
  get contentType(): string {
    return this.#registry.contentType
  }

  /** Adds the usual metrics of the process, which is then observed for as long as it runs. */
  watchProcess(): void {
    collectDefaultMetrics({ register: this.#registry })
  }

  /** Renders all metrics in the text format of Prometheus. */
  render(): Promise<string> {
    return this.#registry.metrics()
  }

  /** Collects all metrics with their samples, for another format. */
  async collect(): Promise<readonly MetricFamily[]> {
    const families = await this.#registry.getMetricsAsJSON()
    // The types of prom-client have a number here.
    return families.map((family) => ({ ...family, type: String(family.type) }))
  }

  /** Creates a counter. */
  count<Label extends string>(name: string, help: string, labelNames: Label[]): Counter<Label> {
    return new Counter({ name: `calgate_${name}`, help, labelNames, registers: [this.#registry] })
  }

  /** Creates a histogram of seconds. */
  time<Label extends string>(name: string, help: string, labelNames: Label[]): Histogram<Label> {
    const registers = [this.#registry]
    return new Histogram({ name: `calgate_${name}`, help, labelNames, buckets: seconds, registers })
  }

  /** Creates a gauge that is read at each scrape. */
  read(name: string, help: string, read: () => number | Promise<number>): void {
    const collect = async () => gauge.set(await read())
    const gauge: Gauge = new Gauge({ name: `calgate_${name}`, help, registers: [this.#registry], collect })
  }

  /** Creates a counter whose total is read at each scrape. */
  readTotal(name: string, help: string, read: () => number): void {
    const collect = () => {
      counter.reset()
      counter.inc(read())
    }
    const counter: Counter = new Counter({
      name: `calgate_${name}`,
      help,
      registers: [this.#registry],
      collect,
    })
  }

  /** Creates a gauge with one sample for each value of a label: 1 for the value that is read, 0 for the others. */
  readState<Value extends string>(
    name: string,
    help: string,
    values: readonly Value[],
    read: () => Value,
  ): void {
    const collect = () => {
      for (const state of values) gauge.set({ state }, read() === state ? 1 : 0)
    }
    const gauge = new Gauge({
      ...{ name: `calgate_${name}`, help, collect },
      ...{ labelNames: ['state'], registers: [this.#registry] },
    })
  }
}
