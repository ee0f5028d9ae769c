/** A shell on some machine: this one, or one behind SSH. */
import type { Duplex } from 'node:stream'
import type { Clock } from '../clock.ts'
import type { Address } from './dialing.ts'

export interface Connection {
  /** Where it leads, for people. */
  readonly name: string
  /**
   * Runs a script of POSIX sh, handed over on stdin. Stdin stays open until the script ends: its end tells the script that
   * nobody waits for it any more. Rejects with the signal's reason when aborted, with TargetUnreachable when nothing was run.
   */
  run(script: string, options: RunOptions): Promise<Finish>
  /**
   * A TCP stream opened on that machine. Rejects with the signal's reason when aborted before it is open, with DialRefused when
   * nobody listens at the address, with TargetUnreachable when the machine is out of reach. Where the way to the machine
   * breaks, the stream ends with an error.
   */
  dial(address: Address, signal: AbortSignal): Promise<Duplex>
  close(): Promise<void>
}

export interface RunOptions {
  readonly signal: AbortSignal
  /** Milliseconds, after which stdin is ended and the script has 15 s to end. */
  readonly timeout: number
  readonly clock: Clock
  onStderr?(chunk: string): void
}

export type Finish =
  | {
      readonly kind: 'exited'
      readonly code: number
      readonly stdout: string
      readonly stderrTail: string
      readonly timedOut: boolean
    }
  /** Closed without an exit code: what happened there is unknown. */
  | { readonly kind: 'lost'; readonly detail: string }

/** Bytes of stdout a connection keeps; the rest is read and dropped. */
export const stdoutLimit = 1024 * 1024
export const stderrTailLimit = 8 * 1024
/** How long a script may take to end after its stdin was ended: ten seconds from TERM to KILL, and some to tidy up. */
export const endingTime = 15_000
