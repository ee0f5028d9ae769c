/** The API of one cluster, as everything here asks it. */

export interface Cluster {
  /** `context prod, namespace shop`: for people. */
  readonly name: string
  readonly namespace: string
  /** Sent so far; a watch counts as one. */
  readonly requests: number
  /**
   * Throws TargetUnreachable where no answer came, or the API server had none to give: what became of a change is unknown then.
   * Reading is repeated, a change is not.
   */
  ask(request: ApiRequest): Promise<ApiAnswer>
  /** Ends with the signal, or when the server ends it: whoever goes on lists anew. Throws as `ask`. */
  watch(request: ApiRequest, signal: AbortSignal): AsyncIterable<WatchEvent>
  /** A port on this machine's loopback that leads to a pod; opened anew when it drops, until it is closed. */
  forward(pod: string, port: number, signal: AbortSignal): Promise<Forward>
  close(): Promise<void>
}

export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** With its query: `/api/v1/namespaces/shop/services/web`. */
  readonly path: string
  readonly body?: unknown
  /** Of a PATCH: a JSON patch unless said otherwise. */
  readonly patch?: 'json' | 'apply'
}

export type ApiAnswer =
  /** `serverTime`: the server's `Date`, in milliseconds. */
  | { readonly kind: 'answered'; readonly body: unknown; readonly serverTime: number }
  /** A Status: 404 NotFound, 409 Conflict, 422 Invalid, 403 Forbidden. */
  | {
      readonly kind: 'refused'
      readonly status: number
      readonly reason: string
      readonly message: string
      readonly serverTime: number
    }

export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR'
  readonly object: unknown
}

export interface Forward {
  /** `http://127.0.0.1:PORT` */
  readonly url: string
  close(): Promise<void>
}
