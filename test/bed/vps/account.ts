/** Who logs in: a fresh user without privileges, as people have it, or whoever runs the tests. */
import { randomBytes } from 'node:crypto'
import { userInfo } from 'node:os'
import { isRoot, runAsRoot } from './root.ts'

export interface Account extends AsyncDisposable {
  readonly name: string
  /** Gives it a file, or a folder with all that is in it. */
  own(path: string): Promise<void>
}

export const ownAccount: Account = {
  name: userInfo().username,
  own: async () => {},
  [Symbol.asyncDispose]: async () => {},
}

export interface NewAccount {
  readonly home: string
  readonly groups: readonly string[]
}

/** An ordinary user who runs the tests has no privileges as it is. */
export async function createAccount({ home, groups }: NewAccount): Promise<Account> {
  if (!isRoot) return ownAccount
  const name = `deploy-${randomBytes(4).toString('hex')}`
  // No password fits `*`; `!`, the usual one, would lock the account for keys as well.
  const options = ['--password', '*', '--groups', groups.join(','), '--shell', '/bin/bash']
  await runAsRoot('useradd', '--create-home', '--home-dir', home, ...options, name)
  return {
    name,
    own: async (path) => void (await runAsRoot('chown', '-R', `${name}:`, path)),
    [Symbol.asyncDispose]: async () => {
      // It fails when there is nobody to end.
      await runAsRoot('pkill', '-KILL', '-U', name).catch(() => {})
      await runAsRoot('userdel', '--force', name)
    },
  }
}
