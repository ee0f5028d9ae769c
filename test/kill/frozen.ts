/** A bundle that stands still at its point. */
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Operation } from '../../src/deployment/operation.ts'
import type { Stage } from '../runner/runner.ts'
import { textOf } from './ledger.ts'
import type { Scene } from './scene.ts'

export type Stopped = Pick<Stage, 'finished' | 'cancel' | 'kill' | 'stop' | 'cont'>

/** false: it ended without. */
export async function freezes(scene: Scene, stage: Pick<Stage, 'finished' | 'stop'>): Promise<boolean> {
  let ended = false
  stage.finished.finally(() => {
    ended = true
  })
  while (!ended) {
    if (existsSync(scene.trapped)) {
      // Where a command says so, the bundle still runs, and waits for it.
      stage.stop()
      writeFileSync(seen(scene), '')
      return true
    }
    await sleep(10)
  }
  return false
}

const seen = ({ trapped }: Pick<Scene, 'trapped'>): string => `${trapped}.seen`

/** So that another one may stand still. */
export function forget(scene: Scene): void {
  for (const path of [scene.trapped, seen(scene)]) rmSync(path)
}

/** What it has written since to the ledger. */
export function laterOf({ trapped }: Scene): Operation | null {
  const text = textOf(`${trapped}.later`)
  return text === '' ? null : (JSON.parse(text) as Operation)
}
