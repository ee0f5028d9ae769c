import { randomUUID } from 'node:crypto'
import { lineEnd, withoutOldCommands } from './plain.ts'

/**
 * Lines that the runner shows and never obeys: https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands#stopping-and-starting-workflow-commands
 * A token nobody could have seen before opens and closes each fence.
 */
export function fence(lines: readonly string[], token: string = randomUUID()): string {
  return [`::stop-commands::${token}`, ...lines.map(withoutOldCommands), `::${token}::`, ''].join('\n')
}

/** A fence is whole lines, so the start of a line waits here for its end. */
export interface OutputBuffer {
  /** The lines that are complete now. */
  add(source: string, text: string): readonly string[]
  rest(): readonly string[]
}

const longestLine = 16_384

export function createOutputBuffer(): OutputBuffer {
  const open = new Map<string, string>()
  const label = (source: string, line: string): string => `${source.split(lineEnd).join(' ')} | ${line}`
  return {
    add(source, text) {
      const lines = ((open.get(source) ?? '') + text).split(lineEnd)
      const last = lines.at(-1) ?? ''
      open.delete(source)
      if (last !== '' && last.length < longestLine) open.set(source, last)
      const complete = last.length < longestLine ? lines.slice(0, -1) : lines
      return complete.map((line) => label(source, line))
    },
    rest() {
      const lines = [...open].map(([source, line]) => label(source, line))
      open.clear()
      return lines
    },
  }
}
