import { type ClientConnection, runInCall, type UpstreamCall, type UpstreamResponse } from './call.ts'

/** A write under way, and the connections of the clients that wait for its response. */
export class Flight implements ClientConnection {
  /** Calls of one name are equal. */
  readonly name: string
  /** The marks that make its response stale. */
  readonly marks: readonly string[]
  readonly response: Promise<UpstreamResponse>
  readonly connections: ClientConnection[] = []
  /** True once another write made the response stale: then it is for those alone who wait for it already. */
  stale = false
  readonly #listeners: (() => void)[] = []

  constructor(
    name: string,
    marks: readonly string[],
    call: UpstreamCall,
    start: (flight: Flight) => Promise<UpstreamResponse>,
  ) {
    this.name = name
    this.marks = marks
    this.join(call.connection)
    this.response = runInCall({ ...call, connection: this }, () => start(this))
  }

  join(connection: ClientConnection): void {
    this.connections.push(connection)
    connection.onDisconnect(() => {
      if (this.disconnected) for (const listener of this.#listeners) listener()
    })
  }

  get disconnected(): boolean {
    return this.connections.every(({ disconnected }) => disconnected)
  }

  onDisconnect(listener: () => void): void {
    this.#listeners.push(listener)
    if (this.disconnected) listener()
  }

  onDelivery(): void {}

  hold(): () => void {
    const releases = this.connections.map((one) => one.hold())
    return () => {
      for (const release of releases) release()
    }
  }
}
