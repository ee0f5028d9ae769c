/** Lets so many in at once; the others wait for their turn. Each turn is given back once. */
export function slots(count: number): () => Promise<() => void> {
  let free = count
  const waiting: (() => void)[] = []
  const giveBack = () => {
    const next = waiting.shift()
    if (next) next()
    else free += 1
  }
  return async () => {
    if (free > 0) free -= 1
    else await new Promise<void>((resolve) => waiting.push(resolve))
    let given = false
    return () => {
      if (!given) giveBack()
      given = true
    }
  }
}
