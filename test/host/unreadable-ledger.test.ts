import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Lease } from '../../src/targets/target.ts'
import { change, connect, folder, leaseOf, ledgerAt, open, owner, shells } from './place.ts'

interface Place {
  readonly directory: string
  readonly lease: Lease
  /** A file of the ledger. */
  at(name: string): string
  readonly ledger: string
  /** Appears when the change is made. */
  readonly effect: string
}

describe.each(shells)('a change that goes back, under $name', (shell) => {
  const connection = connect(shell)

  async function begin(): Promise<Place> {
    const directory = join(folder(), 'state')
    const lease = leaseOf(await ledgerAt(directory, connection).acquire(owner('n-1'), open))
    const ledger = join(directory, 'ledger')
    return { directory, lease, ledger, at: (name) => join(ledger, name), effect: `${directory}.effect` }
  }

  const goBack = ({ directory, lease, effect }: Place) =>
    change(connection, {
      directory,
      lease,
      run: `echo done >'${effect}'`,
      lenient: true,
      unreadableLedger: 'ignore',
    })

  const losses: Readonly<Record<string, (place: Place) => void>> = {
    'a lease that is garbage': ({ at }) => writeFileSync(at('lease'), 'b\0d'),
    'a lease that is gone': ({ at }) => rmSync(at('lease')),
    'a fence that is gone as well': ({ at }) => {
      rmSync(at('lease'))
      rmSync(at('fence'))
      writeFileSync(at('document'), '{}')
    },
    'a ledger that is gone': ({ ledger }) => rmSync(ledger, { recursive: true }),
    'a file where the ledger was': ({ ledger }) => {
      rmSync(ledger, { recursive: true })
      writeFileSync(ledger, '')
    },
  }

  it.each(Object.entries(losses))('goes on with %s, where any other change fails', async (_, lose) => {
    const place = await begin()
    lose(place)
    const { directory, lease, effect } = place
    const other = await change(connection, { directory, lease, run: `echo done >'${effect}'` })
    expect(other.stdout).toMatch(/^failed \w+\n/)
    expect(existsSync(place.effect)).toBe(false)
    const { result } = await goBack(place)
    expect(result).toMatchObject({ kind: 'finished', code: 0 })
    expect(existsSync(place.effect)).toBe(true)
  })

  const takeOver = ({ directory }: Place, claim: 'open' | 'break') =>
    ledgerAt(directory, connection).acquire(owner('n-2'), { claim, unchangedMark: null })

  const others: Readonly<Record<string, (place: Place) => Promise<unknown>>> = {
    'names another owner': (place) => takeOver(place, 'break'),
    'is garbage, and another owner has come since': async (place) => {
      await takeOver(place, 'break')
      writeFileSync(place.at('lease'), 'b\0d')
    },
    'is gone, and another owner has come since': async (place) => {
      await takeOver(place, 'break')
      rmSync(place.at('lease'))
    },
    'belongs to a ledger that was begun anew': async (place) => {
      rmSync(place.ledger, { recursive: true })
      await takeOver(place, 'open')
    },
  }

  it.each(Object.entries(others))('is refused when the lease %s', async (_, come) => {
    const place = await begin()
    await come(place)
    const { result } = await goBack(place)
    expect(result.kind).toBe('refused-fence')
    expect(existsSync(place.effect)).toBe(false)
  })
})
