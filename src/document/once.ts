/** Gives a function that runs at its first call and returns the same from then on: what few clients need is made late. */
export function once<Result>(run: () => Result): () => Result {
  let made: { readonly result: Result } | undefined
  return () => {
    made ??= { result: run() }
    return made.result
  }
}

/** Gives a function that runs once for each object that it is given. */
export function onceFor<Key extends object, Result>(run: (key: Key) => Result): (key: Key) => Result {
  const made = new WeakMap<Key, { readonly result: Result }>()
  return (key) => {
    const known = made.get(key) ?? { result: run(key) }
    made.set(key, known)
    return known.result
  }
}
