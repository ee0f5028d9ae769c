/** Colors that docker compose runs. */
import type { Color, Reach, Runtime } from '../../target.ts'
import type { Workplace } from '../workplace.ts'
import { deploy, retire } from './changing.ts'
import { diagnose, observe, quiet, ready } from './looking.ts'

export function composeRuntime(place: Workplace): Runtime {
  /** Colors whose ports somebody was seen connected to. */
  const seen = new Set<Color>()
  return {
    observe: (color) => observe(place, color),
    deploy: (color, order, guard) => deploy(place, color, order, guard),
    ready: (color, services) => ready(place, { color, services, seen }),
    reach: (color, service) => reach(place, color, service),
    stop: (color, guard) => retire(place, 'stop', color, guard),
    remove: (color, guard) => retire(place, 'remove', color, guard),
    quiet: (color) => quiet(place, color, seen),
    diagnose: (color) => diagnose(place, color),
  }
}

async function reach(place: Workplace, color: Color, name: string): Promise<readonly Reach[]> {
  const service = place.settings.services.find((each) => each.name === name)
  if (service === undefined) return []
  const port = service.ports[color]
  if (port === null) return []
  const { connection } = place
  return [
    {
      kind: 'stream',
      url: `http://127.0.0.1:${port}`,
      dial: (signal) => connection.dial({ host: '127.0.0.1', port }, signal),
    },
  ]
}
