/** What a test orders of the lab beside AWS's own API. */
export interface Fault {
  /**
   * An error of AWS; `slow`: answered after `milliseconds`; `reset`: the connection is cut before the call is carried out;
   * `answer-lost`: after it.
   */
  readonly kind: 'throttling' | 'denied' | 'expired' | 'internal-error' | 'slow' | 'reset' | 'answer-lost'
  /** All of them where none is named. */
  readonly operations?: readonly string[]
  /** Of those calls, after `skip` others; usually one. Infinite: until the faults are ended. */
  readonly times?: number
  readonly skip?: number
  readonly milliseconds?: number
}

export interface Call {
  readonly operation: string
  /** Seconds since 1970. */
  readonly at: number
  readonly status: number | null
  readonly fault: Fault['kind'] | null
  /** From its header `X-Client`. */
  readonly client: string | null
}

/** What was done to services and to traffic. */
export interface Entry {
  readonly operation: 'UpdateService' | 'Move' | 'StopTask'
  /** null: it is about traffic. */
  readonly service: string | null
  /** Services that got requests right before. */
  readonly served: readonly string[]
  /** null: AWS itself. `client`: from the header `X-Client`. */
  readonly caller: { readonly user: string; readonly client: string | null } | null
  /** The last of the numbered parameters that the caller was the first to write; null: none. */
  readonly fence: number | null
  /** Of a service. */
  readonly desired: number | null
  /** Of traffic: services that get requests since. */
  readonly after: readonly string[] | null
  /** Of traffic: services that run what they are to run, and all of it is healthy. */
  readonly ready: readonly string[] | null
}

export interface Image {
  /** With its tag. */
  readonly image: string
  readonly digest: string
}

export interface Control {
  publish(image: {
    repository: string
    tag: string
    environment: Readonly<Record<string, string>>
  }): Promise<Image>
  /** For the calls of one user: each shop has its own. */
  orderFault(user: string, fault: Fault): Promise<void>
  endFaults(user: string): Promise<void>
  calls(user: string): Promise<readonly Call[]>
  /** Of services whose names begin so, in the order in which it was done. */
  journal(prefix: string): Promise<readonly Entry[]>
  /** Parameters under a path were written so much earlier than they were. */
  age(path: string, milliseconds: number): Promise<void>
  /** By the ARN of the target group that they were for. */
  requests(): Promise<Readonly<Record<string, number>>>
  kill(task: { cluster: string; service: string }): Promise<{ taskArn: string }>
  refuse(milliseconds: number): Promise<void>
}

/** Enough for always. */
const always = 1_000_000_000

export function controlAt(url: string): Control {
  const ask = async (method: string, path: string, body?: object) => {
    const answer = await fetch(`${url}${path}`, { method, ...(body && { body: JSON.stringify(body) }) })
    if (!answer.ok) throw new Error(`The AWS lab refused ${path}: ${await answer.text()}`)
    return JSON.parse(await answer.text())
  }
  return {
    publish: (image) => ask('POST', '/images', image),
    orderFault: (user, { operations = [], times = 1, ...fault }) =>
      ask('POST', '/faults', { user, operations, times: Math.min(times, always), ...fault }),
    endFaults: (user) => ask('DELETE', `/faults?user=${user}`),
    calls: (user) => ask('GET', `/calls?user=${user}`),
    journal: (prefix) => ask('GET', `/journal?prefix=${prefix}`),
    age: (path, milliseconds) => ask('POST', '/age', { path, milliseconds }),
    requests: () => ask('GET', '/requests'),
    kill: (task) => ask('POST', '/kill', task),
    refuse: (milliseconds) => ask('POST', '/refuse', { milliseconds }),
  }
}
