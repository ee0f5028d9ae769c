/** What a second color needs of the host and of the registry, looked at before anything is touched. */
import { quote } from '../../../host/script.ts'
import type { Color, Problem } from '../../target.ts'
import type { RegistryLogin, VpsSettings } from '../settings.ts'
import { dockerFunction, labelFilters } from './commands.ts'
import { registryFunction } from './fetching.ts'
import { isId, registryOf } from './images.ts'
import type { ColorLayout } from './layout.ts'
import { listenedText, portsOf } from './ports.ts'
import type { DockerHost } from './survey.ts'

export interface ResourceQuestion {
  readonly settings: VpsSettings
  readonly host: DockerHost
  /** The color that will be deployed, and the one that has the users; null: nobody knows. */
  readonly idle: Color | null
  readonly live: Color | null
  /** Images that were asked for. */
  readonly images: readonly string[]
}

export function resourcesText({ settings, host, idle, live, images }: ResourceQuestion): string {
  const ports = idle === null ? [] : portsOf(settings, idle)
  return `${dockerFunction(host.sudo)}${registryFunction(settings.app, settings.registry)}
echo "disk $(df -Pk "$(docker info --format '{{.DockerRootDir}}')" | awk 'NR == 2 { print $4 }')"
echo "memory $(awk '/^(MemAvailable|SwapFree):/ { sum += $2 } END { print sum }' /proc/meminfo)"
${live === null ? '' : usedText('used', host.layout[live])}
${idle === null ? '' : usedText('warm', host.layout[idle])}
${ports.map((port) => portText(port, idle === null ? null : host.layout[idle])).join('\n')}
${images
  .filter((image) => !isId(image))
  .map(imageText)
  .join('\n')}`
}

/** KiB of memory that a color holds, by the kernel's books; without the pages it can have back at once. */
const usedText = (name: string, { project }: ColorLayout) => `sum=0
for pid in $(docker ps -q ${labelFilters(project, null)} | xargs -r docker inspect --format '{{.State.Pid}}'); do
  path=$(sed -n 's/^0:://p; s/^[0-9]*:memory://p' "/proc/$pid/cgroup" 2>/dev/null | tail -n 1)
  for folder in "/sys/fs/cgroup$path" "/sys/fs/cgroup/memory$path"; do
    for file in memory.current memory.usage_in_bytes; do
      [ -r "$folder/$file" ] || continue
      cached=$(awk '$1 == "inactive_file" { print $2 }' "$folder/memory.stat" 2>/dev/null)
      sum=$((sum + ($(cat "$folder/$file") - \${cached:-0}) / 1024))
      break 2
    done
  done
done
echo "${name} $sum"`

/** Somebody else than the color itself who listens there. */
const portText = (port: number, layout: ColorLayout | null) => `if ${listenedText(port)}; then
  owner=$(docker ps --filter publish=${port} --format '{{.Label "com.docker.compose.project"}} {{.Names}}' | head -n 1)
  case $owner in ${quote(`${layout?.project ?? ''} `)}*) ;; *) echo "port ${port} \${owner#* }" ;; esac
fi`

const imageText = (image: string) => {
  const local = /^(localhost|127\.)/.test(registryOf(image)) ? '--insecure ' : ''
  const isThere = `docker image inspect ${quote(image)} >/dev/null 2>&1`
  const mayBeLocal = image.includes('@') || !image.includes('/')
  return `${mayBeLocal ? `${isThere} || ` : ''}said=$(docker_for ${quote(image)} manifest inspect ${local}${quote(image)} 2>&1 >/dev/null) ||
  echo "image ${image.replaceAll(/[^\w./:@-]/g, '')} $(printf '%s' "$said" | tail -n 1)"`
}

/** KiB; docker needs room for the layers of an image twice while it unpacks them. */
const leastDisk = 512 * 1024

export function judgeResources(
  text: string,
  { settings, idle }: ResourceQuestion,
  host: string,
): readonly Problem[] {
  const lines = text.split('\n').filter((line) => line !== '')
  const number = (name: string): number | null => {
    const line = lines.find((each) => each.startsWith(`${name} `))
    const value = Number(line?.slice(name.length + 1) || Number.NaN)
    return Number.isFinite(value) ? value : null
  }
  const problems: Problem[] = []
  const disk = number('disk')
  if (disk !== null && disk < leastDisk) problems.push(diskProblem(disk, host))
  const [memory, used, warm] = [number('memory'), number('used'), number('warm')]
  if (memory !== null && used !== null && (warm ?? 0) === 0 && memory < used) {
    problems.push(memoryProblem(memory, used, host))
  }
  for (const line of lines) {
    const [kind, what = '', ...rest] = line.split(' ')
    if (kind === 'port')
      problems.push(portProblem({ port: Number(what), by: rest.join(' '), settings, idle, host }))
    if (kind === 'image') problems.push(...imageProblem(what, rest.join(' '), settings.registry))
  }
  return problems
}

const mebibytes = (kibibytes: number) => `${Math.round(kibibytes / 1024)} MiB`

const diskProblem = (disk: number, host: string): Problem => ({
  setting: 'ssh-host',
  what: `${host} has ${mebibytes(disk)} of disk left for images; ${mebibytes(leastDisk)} are needed.`,
  fix: 'Look first: docker system df; df -h',
})

const memoryProblem = (memory: number, used: number, host: string): Problem => ({
  setting: 'ssh-host',
  what: `${host} has ${mebibytes(memory)} of memory left, and the live color uses ${mebibytes(used)}: a second one would take it down.`,
  fix: 'Look first: free -m; docker stats --no-stream',
})

interface TakenPort {
  readonly port: number
  readonly by: string
  readonly settings: VpsSettings
  readonly idle: Color | null
  readonly host: string
}

const portProblem = ({ port, by, settings, idle, host }: TakenPort): Problem => ({
  setting: settings.services.length === 1 ? `${idle}-port` : 'services',
  what: `Port ${port} of ${idle} is taken on ${host}${by === '' ? '' : `, by the container ${by}`}.`,
  fix:
    by === '' ? `Look who listens: sudo ss -ltnp 'sport = :${port}'` : `docker ps --filter publish=${port}`,
})

/**
 * What a registry says where it knows for certain; a registry that does not answer now may do so later. To a wrong password docker
 * says "no such manifest" as well: https://github.com/docker/cli/blob/v28.2.2/cli/registry/client/fetcher.go
 */
function imageProblem(image: string, said: string, login: RegistryLogin | null): readonly Problem[] {
  const registry = registryOf(image)
  if (/no such manifest|manifest unknown|not found|name unknown/i.test(said)) {
    return [
      {
        setting: 'image',
        what: `${registry} has no ${image}, or does not let us see it.`,
        fix: `Is it pushed, under that name? Is the login right? docker manifest inspect ${image}`,
      },
    ]
  }
  if (!/denied|unauthorized|authentication required|no basic auth credentials/i.test(said)) return []
  return [
    {
      setting: login?.host === registry ? 'registry-password' : 'registry',
      what: `${registry} does not let us at ${image}: ${said}`,
      fix: 'Give `registry`, `registry-username` and `registry-password`, or log in on the host: docker login',
    },
  ]
}
