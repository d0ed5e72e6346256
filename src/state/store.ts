/** How many calls were counted in the current window, and how many milliseconds of it are left. */
export interface Count {
  readonly calls: number
  readonly remaining: number
}

/** Counts calls for the limits; replicas that share a limit share a store. */
export interface CounterStore {
  /**
   * Adds 1 to a counter and resolves with its new value, in one atomic step. The window, in milliseconds, begins with
   * the first count; the counter ends with it.
   */
  count(key: string, window: number): Promise<Count>
}

/** Lets things be used once; replicas that share them share a store. */
export interface SpendingStore {
  /**
   * Resolves with true for the first use of a name in `ttl` milliseconds, in one atomic step. Rejects with `overloaded`
   * rather than forget a use.
   */
  spend(name: string, ttl: number): Promise<boolean>
}

/** A response that nobody got, to be sent to the next identical call. */
export interface Kept<Value> {
  readonly value: Value
  /** Time when its call began, on the clock of the store. */
  readonly began: number
  /** Milliseconds for which it is kept. */
  readonly ttl: number
}

/** What was kept under a name, and the time on the clock of the store. */
export interface Taken<Value> {
  readonly now: number
  readonly kept?: Kept<Value>
}

/** Who has to wait before the next call; read from memory, so that reading takes no time. */
export interface WaitList {
  /** Whether any name had to wait so far. */
  readonly isUsed: boolean
  /** Milliseconds for which a name has to wait; 0 when it need not. */
  remaining(name: string): number
  add(name: string, milliseconds: number): void
}

/**
 * What replicas of the gateway may share. Values are JSON: an implementation may write them down. Every method may
 * take its time and may reject, with `state_unavailable` where the store cannot be reached. A record is kept until it
 * expires: a store that is full refuses.
 */
export interface Store<Value> extends CounterStore, SpendingStore {
  /**
   * Sets a record of an owner for `ttl` milliseconds unless there is one, and resolves with the one that was there.
   * Rejects with `overloaded` when the owner has had its share of the store.
   */
  claim(key: string, value: Value, ttl: number, owner: string): Promise<Value | undefined>
  /**
   * Replaces a record that was claimed, for `ttl` milliseconds; there is room for it, however full the store is. The
   * bare value may take its place, now or later, so that there is room for others.
   */
  set(key: string, value: Value, ttl: number, bare?: Value): Promise<void>
  /** Deletes a record that was claimed here, by the value that it was claimed with, and was not replaced. */
  delete(key: string, claimed: Value): Promise<void>
  /** Keeps a value until it is taken, or one of the marks is set. */
  keep(key: string, kept: Kept<Value>, marks: readonly string[]): Promise<void>
  /** Resolves with a kept value, once, unless one of its marks was set after it began. */
  take(key: string): Promise<Taken<Value>>
  /** Makes kept values stale that have one of the marks and began before the time that it resolves with. */
  mark(marks: readonly string[]): Promise<number>
  readonly waits: WaitList
  /** Whether the store can be reached. */
  readonly available: boolean
  close(): Promise<void>
}
