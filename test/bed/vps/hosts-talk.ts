/** Programs that run as root for as long as we hold their standard input, and talk in lines. */
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface, type Interface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import type { Reply } from './hosts-obey.ts'
import { asRoot } from './root.ts'

/** An answer to each order, by its number. */
export function conversation<Machine>({ process: { stdin }, lines }: Child) {
  const waiting = new Map<number, PromiseWithResolvers<unknown>>()
  let gone: Error | null = null
  lines.on('line', (line) => {
    const { id, ...reply } = JSON.parse(line) as Reply
    const asked = waiting.get(id)
    waiting.delete(id)
    if ('error' in reply) asked?.reject(new Error(reply.error))
    else asked?.resolve(reply.value)
  })
  let last = 0
  // biome-ignore lint/suspicious/noExplicitAny: each kind of order has an answer of its own
  const tell = (order: keyof Machine, ...given: readonly unknown[]): Promise<any> => {
    if (gone) return Promise.reject(gone)
    const id = ++last
    const asked = Promise.withResolvers<unknown>()
    waiting.set(id, asked)
    stdin.write(`${JSON.stringify({ id, do: order, given })}\n`)
    return asked.promise
  }
  const fail = (error: Error) => {
    gone = error
    for (const asked of waiting.values()) asked.reject(error)
  }
  return { tell, fail }
}

export interface Child {
  readonly process: ChildProcessByStdio<Writable, Readable, Readable>
  readonly lines: Interface
  /** On standard error, so far. */
  said(): string
}

/** It ends when its standard input does, and so with the tests. */
export function startAsRoot(script: string, given: readonly string[]): Child {
  const path = `PATH=${process.env.PATH}:/usr/sbin:/sbin`
  const [file, words] = asRoot(['env', path, 'sh', '-c', script, 'sh', ...given])
  const child = spawn(file, words, { stdio: ['pipe', 'pipe', 'pipe'] })
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk).slice(-4_000)
  })
  child.stdin.on('error', () => {})
  return { process: child, lines: createInterface(child.stdout), said: () => said }
}

export async function firstLine({ process: child, lines, said }: Child): Promise<[string]> {
  const ended = once(child, 'close').then(() => {
    throw new Error(`What was to run as root did not start:\n${said()}`)
  })
  ended.catch(() => {})
  return Promise.race([once(lines, 'line') as Promise<[string]>, ended])
}

export async function letGo(child: Child['process']): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.stdin.end()
  await exited
}
