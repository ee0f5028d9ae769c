import type { Act } from './act.ts'
import { acts as commandActs } from './command/acts.ts'
import { openCommandShop } from './command/shop.ts'
import type { Shop } from './shop.ts'
import { acts as vpsActs } from './vps/acts.ts'
import { lackingForVps } from './vps/lacking.ts'
import { openVpsShop } from './vps/shop.ts'

export interface Demo {
  /** What the action does in it, as the end of a sentence. */
  readonly does: string
  readonly acts: readonly Act[]
  /** Why this machine cannot show it; null: it can. */
  lacking(): Promise<string | null>
  open(): Promise<Shop>
}

export type DemoName = 'command' | 'vps'

export const demos: Readonly<Record<DemoName, Demo>> = {
  command: {
    does: 'deploys a small server behind a real nginx',
    acts: commandActs,
    lacking: async () => null,
    open: openCommandShop,
  },
  vps: {
    does: 'deploys containers over SSH to a host with dockerd, compose and nginx',
    acts: vpsActs,
    lacking: lackingForVps,
    open: openVpsShop,
  },
}

export const isDemoName = (word: string | undefined): word is DemoName => word === 'command' || word === 'vps'
