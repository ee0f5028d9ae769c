/** After the job: close what main left open, by the record it kept. */
import * as core from '@actions/core'
import { assembleWorld } from './assemble.ts'
import { systemClock } from './clock.ts'
import { operationSchema } from './deployment/operation.ts'
import { runPost } from './deployment/post.ts'
import { messageOf, type Recorded } from './deployment/world.ts'
import { readInputs } from './github/inputs.ts'
import { combine } from './github/listeners.ts'
import { createLog } from './github/log.ts'
import { endMain } from './github/main-process.ts'
import { maskSecrets } from './github/masks.ts'
import { publish } from './github/publish.ts'
import { openRecord, readRecordState, removeRecord, type SealedRecord } from './github/sealed-record.ts'
import { localConnection } from './host/local-connection.ts'
import { endRecordedIn } from './host/runner-hook.ts'
import { onInterrupt } from './interrupts.ts'
import { isLinux, refuseSettings } from './refusals.ts'
import { withManifests } from './revision.ts'
import type { Given } from './settings/given.ts'
import { readSettings } from './settings/read.ts'
import type { JobStatus } from './targets/intent.ts'

async function post(): Promise<number> {
  const state = readRecordState(process.env)
  const opened = openRecord(state)
  if (opened.kind === 'none') {
    core.info('Main changed nothing; there is nothing to do.')
    return 0
  }
  if (opened.kind === 'unreadable') {
    core.error(
      `${opened.why}. Nothing was done; if the deployment was cut short, run \`mode: unlock\`, or the next deployment closes it.`,
    )
    return 1
  }
  try {
    return await closeByRecord(opened.record, opened.folder)
  } finally {
    removeRecord(state)
  }
}

async function closeByRecord(record: SealedRecord, folder: string): Promise<number> {
  const environment = { ...process.env, ...record.environment }
  const reading = readSettings(record.given as Given)
  if (reading.kind === 'problems') return refuseSettings(reading.problems)
  const settings = await withManifests(reading.settings)
  maskSecrets(settings.secrets)
  const controller = new AbortController()
  onInterrupt((reason) => controller.abort(reason))
  await endWhatRuns(record, folder, controller.signal)
  const log = createLog()
  const world = assembleWorld({
    settings,
    gates: [],
    environment,
    nonce: record.nonce,
    controller,
    report: combine([{ name: 'The log', hear: log.report }], core.warning),
    folder,
    keep: () => {},
    recorded: recordedIn(record),
  })
  const outcome = await runPost(world, jobStatus())
  if (outcome !== null)
    publish(outcome, {
      log,
      diagnostics: settings.intent.diagnostics,
      secrets: settings.secrets,
      environment,
    })
  await world.close()
  return outcome?.ok === false ? 1 : 0
}

/**
 * In a container job main outlives its cancel, and a runner hook outlives a killed main. What cannot be ended is told and no
 * reason to leave users on an unchecked color.
 */
async function endWhatRuns(record: SealedRecord, folder: string, signal: AbortSignal): Promise<void> {
  if ((await endMain(record.main, systemClock)) === 'still running') {
    core.warning('Main still runs and could not be ended; the lease keeps it from changing anything.')
  }
  try {
    await endRecordedIn(localConnection(process.env), folder, { signal, clock: systemClock })
  } catch (error) {
    signal.throwIfAborted()
    core.warning(`${messageOf(error)} Going on to put traffic right.`)
  }
}

function recordedIn({ operation, lease }: SealedRecord): Recorded | null {
  const parsed = operationSchema.safeParse(operation)
  return parsed.success && lease !== null ? { operation: parsed.data, lease } : null
}

/** Evaluated anew by the runner for post; the inputs kept by main still say how the job stood then. */
function jobStatus(): JobStatus {
  const given = readInputs(process.env)['job-status']
  if (given === 'success' || given === 'failure' || given === 'cancelled') return given
  core.warning(`The status of the job is not known (${given ?? 'nothing was given'}); taking it as failed.`)
  return 'failure'
}

try {
  process.exit(isLinux() ? await post() : 1)
} catch (error) {
  core.setFailed(error instanceof Error ? error : String(error))
  process.exit(1)
}
