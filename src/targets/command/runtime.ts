import { allowedBy, refusal } from '../../host/guarding.ts'
import {
  type Color,
  type ColorState,
  type Diagnosis,
  type Guard,
  type Lease,
  otherColor,
  type Readiness,
  type Release,
  type Runtime,
} from '../target.ts'
import { deployedFrom } from './environment.ts'
import { deployedFile, keepSaid, readRecord, readRecordIfPossible, stateFile, tell } from './keeping.ts'
import { observer, observing } from './observing.ts'
import { change, lastLine, look, timeOf, type Workplace, withEnvironment } from './workplace.ts'

export function commandRuntime(workplace: Workplace): Runtime {
  const { services } = workplace
  return {
    observe: (color) => observeColor(workplace, color),
    deploy: async (color, { release }, guard) => {
      await deploy(workplace, color, release, guard)
      return release.images
    },
    ready: (color) => ready(workplace, color),
    reach: async (color, service) => {
      const url = services.find(({ name }) => name === service)?.colorUrl?.[color]
      return url === undefined ? [] : [{ kind: 'url', url, headers: {} }]
    },
    stop: (color, { lease }) => retire(workplace, 'stop', color, lease),
    remove: (color, { lease }) => retire(workplace, 'remove', color, lease),
    quiet: async () => 'unknown',
    diagnose: (color) => diagnose(workplace, color),
  }
}

async function observeColor(workplace: Workplace, color: Color): Promise<ColorState> {
  const record = await readRecord(workplace, color)
  const version = record.deployed?.version ?? null
  if (workplace.settings.commands.status.length === 0) {
    if (await answers(workplace, color)) return { presence: 'running', version, detail: null }
    return record.deployed === null
      ? { presence: 'absent', version: null, detail: null }
      : { presence: 'stopped', version, detail: null }
  }
  const { code, said } = await look(workplace, 'status', await tell(workplace, color, record))
  const word = lastLine(said)
  if (code === 0 && word === 'absent') return { presence: 'absent', version: null, detail: null }
  if (code === 0 && (word === 'stopped' || word === 'running'))
    return { presence: word, version, detail: null }
  const end = code === null ? 'did not end in time' : `ended with exit code ${code}`
  return {
    presence: 'unknown',
    version,
    detail: `"status" for ${color} ${end} and said ${JSON.stringify(word.slice(0, 200))}, not absent, stopped or running`,
  }
}

/** A proxy that answers for a color that is down is no answer of the color. */
const nobodyThere: readonly number[] = [502, 503, 504]
const answerTime = 5_000

async function answers({ services, surroundings }: Workplace, color: Color): Promise<boolean> {
  const urls = services.flatMap(({ colorUrl }) => (colorUrl === null ? [] : [colorUrl[color]]))
  const statuses = await Promise.all(
    urls.map(async (url) => {
      try {
        const signal = AbortSignal.any([surroundings.signal, AbortSignal.timeout(answerTime)])
        const response = await fetch(url, { redirect: 'manual', signal })
        await response.body?.cancel()
        return response.status
      } catch {
        surroundings.signal.throwIfAborted()
        return 503
      }
    }),
  )
  return statuses.some((status) => !nobodyThere.includes(status))
}

async function deploy(workplace: Workplace, color: Color, release: Release, guard: Guard): Promise<void> {
  const { settings, surroundings } = workplace
  const { lease, unreadableLedger = 'refuse' } = guard
  const lenient = unreadableLedger === 'ignore'
  const record = await (lenient ? readRecordIfPossible : readRecord)(workplace, color)
  const deployed = deployedFrom(release)
  const env = await tell(workplace, color, { ...record, deployed })
  const result = await change(workplace, 'deploy', {
    lease,
    commands: withEnvironment(settings.commands.deploy, env),
    limit: surroundings.deployTimeout,
    observe: observing(workplace),
    allowed: allowedBy(guard, color),
    confirm: false,
    onClientDeath: 'end',
    lenient,
    record: { name: deployedFile(color), text: JSON.stringify(deployed) },
    forget: [],
    unreadableLedger,
  })
  if (result.kind === 'refused-color') {
    throw refusal({ name: 'deploy', color, observed: result.observed, observer })
  }
  await keepSaid(workplace, { name: 'deploy', lease, color, output: result.output, lenient })
}

async function retire(
  workplace: Workplace,
  name: 'stop' | 'remove',
  color: Color,
  lease: Lease,
): Promise<void> {
  const hooks = workplace.settings.commands[name]
  if (hooks.length === 0) return
  const result = await change(workplace, name, {
    lease,
    commands: withEnvironment(hooks, await tell(workplace, color)),
    limit: timeOf(hooks),
    observe: observing(workplace),
    allowed: [otherColor(color), 'none'],
    confirm: false,
    onClientDeath: 'end',
    lenient: true,
    record: null,
    forget: name === 'remove' ? [deployedFile(color), stateFile(color)] : [],
  })
  if (result.kind === 'refused-color') throw refusal({ name, color, observed: result.observed, observer })
  if (name === 'stop') await keepSaid(workplace, { name, lease, color, output: result.output, lenient: true })
}

async function ready(workplace: Workplace, color: Color): Promise<Readiness> {
  if (workplace.settings.commands.ready.length === 0) return { kind: 'ready', restarts: 0 }
  const { code, said, stderr } = await look(workplace, 'ready', await tell(workplace, color))
  if (code === 0) return { kind: 'ready', restarts: 0 }
  const reason = lastLine(said) || lastLine(stderr.trimEnd())
  if (code === null) return { kind: 'waiting', reason: '"ready" did not end in time' }
  return {
    kind: 'waiting',
    reason: reason === '' ? `"ready" ended with exit code ${code}` : reason.slice(0, 500),
  }
}

const diagnosisLines = 50
const diagnosisBytes = 8 * 1024

async function diagnose(workplace: Workplace, color: Color): Promise<Diagnosis> {
  if (workplace.settings.commands.diagnose.length === 0) return { cause: null, sections: [] }
  const { said } = await look(workplace, 'diagnose', await tell(workplace, color))
  const lines = said.split('\n').slice(-diagnosisLines).join('\n')
  return { cause: null, sections: [{ title: `diagnose ${color}`, text: lastBytes(lines, diagnosisBytes) }] }
}

/** Whole characters alone: half of one would become a longer mark of replacement. */
function lastBytes(text: string, limit: number): string {
  const bytes = Buffer.from(text).subarray(-limit)
  return bytes.subarray(bytes.findIndex((byte) => (byte & 0xc0) !== 0x80)).toString('utf8')
}
