import type { Router, Target } from '../target.ts'

/**
 * A target whose way is found only when it is asked for something; what keeps us from it fails that question, and the next one
 * tries again. `manual`: what a person types until then.
 */
export function openedLater(open: () => Promise<Target>, manual: Router['manual']): Target {
  let opening: Promise<Target> | null = null
  let opened: Target | null = null
  const target = async (): Promise<Target> => {
    opening ??= open()
    try {
      opened = await opening
      return opened
    } catch (error) {
      opening = null
      throw error
    }
  }
  return {
    runtime: {
      observe: async (color) => (await target()).runtime.observe(color),
      deploy: async (color, order, guard) => (await target()).runtime.deploy(color, order, guard),
      ready: async (color, services) => (await target()).runtime.ready(color, services),
      reach: async (color, service) => (await target()).runtime.reach(color, service),
      stop: async (color, guard) => (await target()).runtime.stop(color, guard),
      remove: async (color, guard) => (await target()).runtime.remove(color, guard),
      quiet: async (color) => (await target()).runtime.quiet(color),
      diagnose: async (color) => (await target()).runtime.diagnose(color),
    },
    router: {
      observe: async () => (await target()).router.observe(),
      switch: async (from, to, guard) => (await target()).router.switch(from, to, guard),
      manual: (to) => (opened?.router.manual ?? manual)(to),
    },
    ledger: {
      read: async () => (await target()).ledger.read(),
      acquire: async (owner, options) => (await target()).ledger.acquire(owner, options),
      renew: async (lease) => (await target()).ledger.renew(lease),
      write: async (lease, document) => (await target()).ledger.write(lease, document),
      park: async (lease) => (await target()).ledger.park(lease),
      free: async (lease) => (await target()).ledger.free(lease),
    },
    preflight: async () => (await target()).preflight(),
    runHook: null,
    close: async () => {
      await (await opening?.catch(() => null))?.close()
    },
  }
}
