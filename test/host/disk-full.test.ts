import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { ChangeFailed } from '../../src/targets/target.ts'
import { change, changeOf, connect, folder, leaseOf, ledgerAt, open, owner, run, shells } from './place.ts'

const mount = (size: string, at: string) =>
  spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'none', at]).status === 0

/** A disk of 64 KiB, or null where this user may not mount one. */
function smallDisk(): string | null {
  const at = folder()
  if (!mount('64k', at)) return null
  onTestFinished(() => void spawnSync('umount', ['-l', at]))
  return at
}

function fill(disk: string): void {
  try {
    writeFileSync(join(disk, 'filler'), Buffer.alloc(128 * 1024))
  } catch {
    return
  }
  throw new Error('the disk is not full')
}

const mayMount = (() => {
  const probe = spawnSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'none', '/mnt'])
  return probe.status === 0
})()

describe.skipIf(!mayMount).each(shells)('a full disk under $name', (shell) => {
  const connection = connect(shell)

  async function full() {
    const disk = smallDisk()
    if (disk === null) throw new Error('a small disk could not be mounted')
    const ledger = ledgerAt(disk, connection)
    const lease = leaseOf(await ledger.acquire(owner('n-1'), open))
    await ledger.write(lease, 'the old document')
    fill(disk)
    return { disk, ledger, lease }
  }

  it('is noticed, and leaves what was there whole', async () => {
    const { disk, ledger, lease } = await full()
    const before = readFileSync(join(disk, 'ledger', 'lease'), 'utf8')
    const written = ledger.write(lease, 'x'.repeat(20_000))
    await expect(written).rejects.toThrow(ChangeFailed)
    await expect(written).rejects.toThrow(`df -h '${join(disk, 'ledger', 'document')}'`)
    await expect(written).rejects.toThrow(/no space left/i)
    await expect(ledger.renew(lease)).rejects.toThrow(/no space left/i)
    await expect(ledger.park(lease)).rejects.toThrow(/no space left/i)
    expect((await ledger.read()).document).toBe('the old document')
    expect(readFileSync(join(disk, 'ledger', 'lease'), 'utf8')).toBe(before)
    expect(readdirSync(join(disk, 'ledger')).filter((name) => name.endsWith('.new'))).toEqual([])
    rmSync(join(disk, 'filler'))
    expect(await ledger.write(lease, 'x'.repeat(20_000))).toBe('kept')
  })

  it('lets an owner go back, and nobody begin', async () => {
    const { ledger, lease } = await full()
    expect(await ledger.acquire(owner('n-1'), { ...open, claim: 'own' })).toEqual({
      kind: 'acquired',
      lease,
      document: 'the old document',
      degraded: true,
    })
    await expect(ledger.acquire(owner('n-2'), { ...open, claim: 'break' })).rejects.toThrow(/no space left/i)
  })

  it('stops a deployment before it begins, and not a switch', async () => {
    const { disk, lease } = await full()
    const effect = join(folder(), 'effect')
    const script = changeOf({ directory: disk, lease, run: `echo 1 >${effect}` })
    expect(await run(connection, script)).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('failed write'),
    })
    expect(existsSync(effect)).toBe(false)
    const switching = {
      directory: disk,
      lease,
      run: `echo 1 >${effect}`,
      lenient: true,
      onClientDeath: 'finish',
    } as const
    expect((await change(connection, switching)).result).toMatchObject({ kind: 'finished', code: 0 })
    expect(existsSync(effect)).toBe(true)
  })
})
