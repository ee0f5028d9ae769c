/** Where a cluster is: within the networks of its slot, so that two on one machine do not meet. */
export interface Addresses {
  /** Of the machine that the tests are on. */
  readonly machine: string
  readonly node: string
  readonly services: string
  /** What pods know the API server by: the first address of `services`. */
  readonly api: string
  readonly pods: string
}

/** The slot's network is a /22. */
export function addressesIn(network: string): Addresses {
  const [first, second, third] = network.split('.').map(Number)
  const place = (offset: number) => `${first}.${second}.${(third ?? 0) + offset}`
  return {
    machine: `${place(0)}.1`,
    node: `${place(0)}.2`,
    services: `${place(1)}.0/24`,
    api: `${place(1)}.1`,
    pods: `${place(2)}.0/24`,
  }
}

export const apiPort = 6443

export const apiUrl = ({ node }: Addresses): string => `https://${node}:${apiPort}`
