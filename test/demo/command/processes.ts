import { setTimeout as sleep } from 'node:timers/promises'
import { processesWith } from '../../kill/processes.ts'

const patience = { terminate: 2_000, kill: 3_000 }

/** Ends all processes that carry this in their environment, also those that are being started meanwhile. */
export async function endProcesses(mark: string): Promise<void> {
  const begun = performance.now()
  for (let left = processesWith(mark); left.length > 0; left = processesWith(mark)) {
    const time = performance.now() - begun
    if (time > patience.terminate + patience.kill)
      throw new Error(`Still there: ${left.map(({ pid, command }) => `${pid} ${command}`).join(', ')}`)
    for (const { pid } of left) signal(pid, time < patience.terminate ? 'SIGTERM' : 'SIGKILL')
    await sleep(20)
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
