/** The step itself: read, run, report. */
import { randomUUID } from 'node:crypto'
import { tmpdir } from 'node:os'
import * as core from '@actions/core'
import { assembleWorld } from './assemble.ts'
import { runMain } from './deployment/run.ts'
import { combine } from './github/listeners.ts'
import { createLog } from './github/log.ts'
import { thisProcess } from './github/main-process.ts'
import { maskSecrets } from './github/masks.ts'
import { publish } from './github/publish.ts'
import { createRecord, takeEnvironment } from './github/sealed-record.ts'
import { Interrupted, onInterrupt } from './interrupts.ts'
import { readGiven } from './read-given.ts'
import { isLinux, refuseSettings } from './refusals.ts'
import { withManifests } from './revision.ts'
import type { Given } from './settings/given.ts'
import { readSettings, type Settings } from './settings/read.ts'

async function deploy(given: Given, settings: Settings): Promise<number> {
  const controller = new AbortController()
  onInterrupt((reason) => controller.abort(reason))
  const nonce = randomUUID()
  const log = createLog()
  const record = recordFor(given, settings, nonce)
  const world = assembleWorld({
    settings,
    gates: settings.intent.gates,
    environment: process.env,
    nonce,
    controller,
    report: combine([{ name: 'The log', hear: log.report }], core.warning),
    folder: record?.folder ?? process.env.RUNNER_TEMP ?? tmpdir(),
    keep: (operation, lease) => record?.update({ operation, lease }),
    recorded: null,
  })
  const outcome = await runMain(world)
  publish(outcome, {
    log,
    diagnostics: settings.intent.diagnostics,
    secrets: settings.secrets,
    environment: process.env,
  })
  if (controller.signal.reason instanceof Interrupted) return 130
  await world.close()
  return outcome.ok ? 0 : 1
}

/** Only a run that may change something leaves a record; without one, post has nothing to do. */
function recordFor(given: Given, { intent }: Settings, nonce: string) {
  if (intent.mode === 'status' || intent.dryRun) return null
  return createRecord(
    {
      given: { ...given },
      environment: takeEnvironment(process.env),
      nonce,
      main: thisProcess(),
      operation: null,
      lease: null,
    },
    process.env,
  )
}

async function main(): Promise<number> {
  if (!isLinux()) return 1
  const given = readGiven(process.env)
  const reading = readSettings(given)
  if (reading.kind === 'problems') return refuseSettings(reading.problems)
  maskSecrets(reading.settings.secrets)
  for (const warning of reading.settings.warnings) core.warning(warning)
  return deploy(given, await withManifests(reading.settings))
}

try {
  process.exit(await main())
} catch (error) {
  core.setFailed(error instanceof Error ? error : String(error))
  process.exit(1)
}
