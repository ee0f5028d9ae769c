/** One after the other: a renewal and a write of a lease that cross each other would both begin with what was before. */
export function inTurn() {
  let before: Promise<unknown> = Promise.resolve()
  return <Result>(work: () => Promise<Result>): Promise<Result> => {
    const done = before.then(work)
    before = done.catch(() => {})
    return done
  }
}
