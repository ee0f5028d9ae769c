import { constants } from 'node:os'

/** After SIGINT the runner waits 7.5 s, after SIGTERM 2.5 s: https://github.com/actions/runner/blob/main/src/Runner.Sdk/ProcessInvoker.cs */
const leaveAfter = 2_500

export class Interrupted extends Error {
  override readonly name = 'Interrupted'
}

/**
 * A cancel ends what we started and leaves; going back is left to post, which has minutes where we have seconds, and cannot be
 * raced by a half-done way back of ours.
 */
export function onInterrupt(abort: (reason: Error) => void): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      abort(new Interrupted(`The run was interrupted by ${signal}.`))
      setTimeout(() => process.exit(128 + constants.signals[signal]), leaveAfter).unref()
    })
  }
}
