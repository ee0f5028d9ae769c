/** What answers hosts-talk.ts: a program that does what it is told, a line at a time, until nobody is there any more. */
import { createInterface } from 'node:readline'

export interface Order<Name = string> {
  readonly id: number
  readonly do: Name
  readonly given: readonly unknown[]
}

export type Reply = { readonly id: number } & ({ readonly value: unknown } | { readonly error: string })

/** The arrival is the first line. */
export function obey<Machine extends object>(machine: Machine, arrival: unknown): void {
  const tell = (what: unknown) => process.stdout.write(`${JSON.stringify(what)}\n`)
  const carryOut = async ({ id, do: name, given }: Order<keyof Machine>): Promise<Reply> => {
    try {
      const order = machine[name] as (...given: readonly unknown[]) => Promise<unknown>
      return { id, value: await order(...given) }
    } catch (error) {
      return { id, error: error instanceof Error ? error.message : String(error) }
    }
  }
  tell(arrival)
  createInterface(process.stdin)
    .on('line', (line) => void carryOut(JSON.parse(line) as Order<keyof Machine>).then(tell))
    // The kernel takes with it what else runs in its namespace.
    .on('close', () => process.exit())
}
