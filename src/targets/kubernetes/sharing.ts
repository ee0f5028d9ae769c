import type { ApiAnswer, Cluster } from './api/cluster.ts'

/**
 * Who asks for the same while it is on its way gets the same answer: the router and the runtime look at the same Deployments at the
 * same time. After a change nobody gets an answer to a question from before it.
 */
export function sharing(cluster: Cluster): Cluster {
  const underWay = new Map<string, Promise<ApiAnswer>>()
  const read = (path: string): Promise<ApiAnswer> => {
    const earlier = underWay.get(path)
    if (earlier !== undefined) return earlier
    const answer = cluster.ask({ method: 'GET', path }).finally(() => {
      if (underWay.get(path) === answer) underWay.delete(path)
    })
    underWay.set(path, answer)
    return answer
  }
  return {
    name: cluster.name,
    namespace: cluster.namespace,
    get requests() {
      return cluster.requests
    },
    ask: async (request) => {
      if (request.method === 'GET') return read(request.path)
      try {
        return await cluster.ask(request)
      } finally {
        underWay.clear()
      }
    },
    watch: (request, signal) => cluster.watch(request, signal),
    forward: (pod, port, signal) => cluster.forward(pod, port, signal),
    close: () => cluster.close(),
  }
}
