/** How a user's command gets to a color: by the address that the machine it runs on has for it. */
import {
  ChangeFailed,
  type Color,
  type Environment,
  environmentName,
  type Hook,
  type Reach,
} from '../targets/target.ts'
import type { Door, World } from './world.ts'

type Where = Hook['where']

interface ColorUrls {
  readonly told: Readonly<Record<Where, Environment>>
  close(): Promise<void>
}

type Scene = Pick<World, 'intent' | 'target' | 'openDoor'>

/** With several hosts the first one is named. What was opened on the runner stays open until `close`. */
export async function openColorUrls(
  scene: Scene,
  color: Color,
  wanted: ReadonlySet<Where>,
): Promise<ColorUrls> {
  const reaches = await reachesOf(scene, color)
  const doors: Door[] = []
  const close = async () => {
    await Promise.all(doors.map((door) => door.close()))
  }
  const urlOnRunner = async (reach: Reach): Promise<string> => {
    if (reach.kind === 'url' || !wanted.has('runner')) return reach.url
    const door = await scene.openDoor(reach)
    doors.push(door)
    return door.url
  }
  try {
    return {
      told: {
        target: await tell(reaches, async ({ url }) => url),
        runner: await tell(reaches, urlOnRunner),
      },
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

type Reaches = readonly (readonly [service: string, Reach])[]

async function reachesOf({ intent, target }: Scene, color: Color): Promise<Reaches> {
  const reaches: [string, Reach][] = []
  for (const { name } of intent.services) {
    const [first] = await target.runtime.reach(color, name).catch(nothingThere)
    if (first !== undefined) reaches.push([name, first])
  }
  return reaches
}

/** Before a deployment and after a way back a color may run nothing that could be asked. */
function nothingThere(error: unknown): readonly Reach[] {
  if (error instanceof ChangeFailed) return []
  throw error
}

/** BLUE_GREEN_URL is that of the first service that can be asked. */
async function tell(reaches: Reaches, urlOf: (reach: Reach) => Promise<string>): Promise<Environment> {
  const environment: Record<string, string> = {}
  for (const [service, reach] of reaches) {
    const url = await urlOf(reach)
    environment[`BLUE_GREEN_URL_${environmentName(service)}`] = url
    environment.BLUE_GREEN_URL ??= url
  }
  return environment
}
