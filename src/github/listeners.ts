import type { Event, Report } from '../deployment/report.ts'

export interface Listener {
  /** For people, when it is dropped. */
  readonly name: string
  hear(event: Event): void | Promise<void>
}

/** A listener that throws or rejects hears nothing more; the deployment goes on. */
export function combine(listeners: readonly Listener[], warn: (text: string) => void): Report {
  const listening = new Set(listeners)
  const drop = (listener: Listener, error: unknown): void => {
    if (!listening.delete(listener)) return
    try {
      warn(`${listener.name} failed and reports nothing more of this run: ${error}`)
    } catch {}
  }
  return (event) => {
    for (const listener of [...listening]) {
      try {
        Promise.resolve(listener.hear(event)).catch((error) => drop(listener, error))
      } catch (error) {
        drop(listener, error)
      }
    }
  }
}
