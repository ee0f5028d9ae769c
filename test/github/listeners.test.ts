import { describe, expect, it } from 'vitest'
import type { Event } from '../../src/deployment/report.ts'
import { combine, type Listener } from '../../src/github/listeners.ts'

const line = (text: string): Event => ({ kind: 'line', level: 'info', text })
const settled = () => new Promise((resolve) => setImmediate(resolve))

function listening(name: string, fail: () => void | Promise<void> = () => {}) {
  const heard: string[] = []
  const listener: Listener = {
    name,
    hear(event) {
      if (event.kind === 'line') heard.push(event.text)
      return fail()
    },
  }
  return { listener, heard }
}

describe('listeners', () => {
  it('that throw or reject are dropped with one warning, and the others hear all', async () => {
    const throwing = listening('a', () => {
      throw new Error('broken')
    })
    const rejecting = listening('b', async () => {
      throw new Error('gone')
    })
    const good = listening('c')
    const warnings: string[] = []
    const report = combine([throwing.listener, rejecting.listener, good.listener], (text) =>
      warnings.push(text),
    )
    report(line('1'))
    await settled()
    report(line('2'))
    await settled()
    expect([throwing.heard, rejecting.heard, good.heard]).toEqual([['1'], ['1'], ['1', '2']])
    expect(warnings).toEqual([
      'a failed and reports nothing more of this run: Error: broken',
      'b failed and reports nothing more of this run: Error: gone',
    ])
  })

  it('cannot fail a run even when nobody can be warned', () => {
    const { listener } = listening('a', () => {
      throw Object.create(null)
    })
    const report = combine([listener], () => {
      throw new Error('no log')
    })
    expect(() => report(line('1'))).not.toThrow()
  })
})
