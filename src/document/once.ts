/** Gives a function that runs at its first call and returns the same from then on: what few clients need is made late. */
export function once<Result>(run: () => Result): () => Result {
  let made: { readonly result: Result } | undefined
  return () => {
    made ??= { result: run() }
    return made.result
  }
}
