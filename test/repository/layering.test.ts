/** Dependencies point one way: Biome's noRestrictedImports holds that, and this holds Biome to it. */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { root } from './root.ts'

type Import = readonly [file: string, source: string]

const refused: readonly Import[] = [
  ['src/deployment/phases/new.ts', '@actions/core'],
  ['src/deployment/new.ts', '../github/log.ts'],
  ['src/deployment/new.ts', '../settings/read.ts'],
  ['src/deployment/new.ts', '../host/script.ts'],
  ['src/deployment/new.ts', '../targets/command/settings.ts'],
  ['src/deployment/new.ts', '../registry.ts'],
  ['src/checks/new.ts', '../deployment/report.ts'],
  ['src/checks/new.ts', '@actions/core'],
  ['src/settings/new.ts', '../targets/command/router.ts'],
  ['src/settings/new.ts', '../deployment/run.ts'],
  ['src/github/new.ts', '../settings/read.ts'],
  ['src/github/new.ts', '../targets/command/settings.ts'],
  ['src/host/new.ts', '../deployment/run.ts'],
  ['src/host/new.ts', '../targets/command/settings.ts'],
  ['src/gates/new.ts', '@aws-sdk/client-cloudwatch'],
  ['src/gates/new.ts', '../settings/read.ts'],
  ['src/gates/new.ts', '../deployment/run.ts'],
  ['src/targets/command/new.ts', '../../deployment/operation.ts'],
  ['src/targets/command/new.ts', '../../settings/read.ts'],
  ['src/targets/command/new.ts', '../vps/settings.ts'],
  ['src/targets/vps/new.ts', '../command/settings.ts'],
  ['src/targets/kubernetes/new.ts', '@actions/tool-cache'],
  ['src/targets/kubernetes/api/new.ts', '@actions/core'],
  ['src/targets/kubernetes/api/new.ts', '../../vps/settings.ts'],
]

const allowed: readonly Import[] = [
  ['src/deployment/new.ts', '../targets/target.ts'],
  ['src/deployment/new.ts', '../checks/watch.ts'],
  ['src/deployment/phases/new.ts', '../../clock.ts'],
  ['src/checks/new.ts', '../targets/target.ts'],
  ['src/settings/new.ts', '../targets/command/settings.ts'],
  ['src/github/new.ts', '../deployment/report.ts'],
  ['src/targets/command/new.ts', '../target.ts'],
  ['src/targets/command/new.ts', '../../host/script.ts'],
  ['src/targets/kubernetes/api/new.ts', '@actions/tool-cache'],
  ['src/gates/new.ts', '../aws/aws.ts'],
  ['src/gates/new.ts', '../checks/gate.ts'],
  ['src/registry.ts', './targets/command/command-target.ts'],
]

const folder = mkdtempSync(join(tmpdir(), 'layering-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** The same import in a file of its own, next to where `file` would be. */
const place = ([file, source]: Import) =>
  join(dirname(file), `${source.replaceAll(/[^a-z]+/g, '-')}.imported.ts`)

let found: readonly string[]
beforeAll(() => {
  cpSync(join(root, 'biome.json'), join(folder, 'biome.json'))
  for (const one of [...refused, ...allowed]) {
    const path = join(folder, place(one))
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, `import { something } from '${one[1]}'\nconsole.log(something)\n`)
  }
  const { stdout } = spawnSync(
    join(root, 'node_modules/.bin/biome'),
    ['lint', '--only=style/noRestrictedImports', '--reporter=json', '--max-diagnostics=none'],
    { cwd: folder, encoding: 'utf8' },
  )
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: { location: { path: string } }[] }
  found = diagnostics.map(({ location }) => location.path)
})

describe('a room may not import', () => {
  it.each(refused)('%s: %s', (...one) => expect(found).toContain(place(one)))
})

describe('a room may import', () => {
  it.each(allowed)('%s: %s', (...one) => expect(found).not.toContain(place(one)))
})
