/** A VPS with sshd, dockerd, compose and nginx, a registry besides, and a shop on it in containers. */

import { flip } from '../../bed/flag.ts'
import { temporaryFolder } from '../../bed/folder.ts'
import { colorPath } from '../../bed/nginx.ts'
import { foundTown } from '../../vps/place.ts'
import { app, type Shop, textAt } from '../shop.ts'

export async function openVpsShop(): Promise<Shop> {
  await using stack = new AsyncDisposableStack()
  const { path: folder } = stack.use(await temporaryFolder())
  const town = stack.use(await foundTown())
  const shop = await town.found(app)
  const { [app]: url = '' } = shop.urls
  const owned = stack.move()
  return {
    folder,
    url,
    env: {},
    inputsOf: async ({ inputs, release = {} }, { beforeRename, afterRename }) => {
      const { version } = inputs
      const { version: _, image: __, ...standing } = shop.inputs
      const image = version && (await town.registry.push(version, { environment: release })).reference
      return {
        ...standing,
        ...usual,
        ...(image && { image }),
        'before-switch': beforeRename,
        'after-switch': afterRename,
        ...inputs,
      }
    },
    flip: (to) => flip(shop.app.stateDirectory, to),
    named: () => textAt(url + colorPath(app)),
    facts: (stages) => {
      const logins = town.vps.sshd.log().split('Accepted publickey').length - 1
      return [`SSH: ${logins} connections to the host for ${stages} main and post steps`]
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** Everything short, so that nobody waits. */
const usual = {
  'version-check': '{ path: /health, json: /version }',
  'identity-header': 'X-Color',
  'health-successes': '3',
  'health-interval': '100ms',
  bake: '1s',
  'sample-rate': '50/s',
}
