/** The bundles are what users run, so they must be what the sources say. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { root } from './root.ts'

const hasEntry = existsSync(join(root, 'src/main.ts'))
if (!hasEntry) console.warn('Skipped: without src/main.ts there is nothing to build')

const built = mkdtempSync(join(tmpdir(), 'dist-'))
afterAll(() => rmSync(built, { recursive: true, force: true }))

const filesIn = (folder: string): readonly string[] =>
  existsSync(folder)
    ? readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
        .sort()
    : []

describe.skipIf(!hasEntry)('dist', () => {
  it('is what `npm run package` builds, byte by byte, and nothing else', { timeout: 300_000 }, () => {
    const build = spawnSync('sh', ['scripts/run.sh', 'sh', 'scripts/package.sh', built], {
      cwd: root,
      encoding: 'utf8',
    })
    expect(build.status, build.stdout + build.stderr).toBe(0)

    const committed = join(root, 'dist')
    expect(filesIn(committed)).toEqual(filesIn(built))
    const drifted = filesIn(built).filter(
      (name) => !readFileSync(join(committed, name)).equals(readFileSync(join(built, name))),
    )
    expect(drifted, 'differ from the sources: run `npm run package` and commit dist').toEqual([])
  })

  it('holds no program of a foreign system', () => {
    expect(filesIn(join(root, 'dist')).filter((name) => /\.(exe|node)$/.test(name))).toEqual([])
  })
})
