import type { Color, Lease, Router } from '../../target.ts'

export interface KubernetesRouter extends Router {
  /**
   * Has the preview Service select this color, and says so in one line; null where there is none. A switch does so by itself,
   * with the color that it leaves.
   */
  pointPreview(color: Color, lease: Lease): Promise<string | null>
  /**
   * Resolves when users are where the router says: pods that a Service leads to are not to be ended, whatever its selector says by
   * now. Throws ChangeFailed when it takes too long.
   */
  confirmFollowed(): Promise<void>
}
