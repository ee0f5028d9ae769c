import { describe, expect, test } from 'vitest'
import { parseFetched } from '../../../../src/targets/vps/compose/fetching.ts'
import { dockerConfig, isPinned, pinnedBy, registryOf } from '../../../../src/targets/vps/compose/images.ts'
import { overrideDocument } from '../../../../src/targets/vps/compose/starting.ts'

const digest = `sha256:${'a'.repeat(64)}`

test.each([
  ['nginx', 'docker.io'],
  ['nginx:1.27', 'docker.io'],
  ['bitnami/nginx:1', 'docker.io'],
  ['docker.io/bitnami/nginx', 'docker.io'],
  ['index.docker.io/bitnami/nginx', 'docker.io'],
  ['ghcr.io/acme/shop:1.2', 'ghcr.io'],
  ['localhost/shop', 'localhost'],
  ['127.0.0.1:5000/shop:1', '127.0.0.1:5000'],
  ['registry:5000/a/b@sha256:ab', 'registry:5000'],
])('%s comes from %s', (image, registry) => {
  expect(registryOf(image)).toBe(registry)
})

test('knows what names the same image for ever', () => {
  expect([`shop@${digest}`, digest, 'shop:1', 'sha256:ab'].map(isPinned)).toEqual([true, true, false, false])
})

describe('the digest of an image', () => {
  const known = [`ghcr.io/other/shop@${digest}`, `ghcr.io/acme/shop@${digest}`]

  test('is the one of its own repository', () => {
    expect(pinnedBy('ghcr.io/acme/shop:1', known)).toBe(`ghcr.io/acme/shop@${digest}`)
    expect(pinnedBy('ghcr.io/acme/cart:1', known)).toBeNull()
    expect(pinnedBy('127.0.0.1:5000/shop', [`127.0.0.1:5000/shop@${digest}`])).toMatch(/^127/)
  })

  test('is found by the short names of Docker Hub', () => {
    expect(pinnedBy('docker.io/library/nginx:1', [`nginx@${digest}`])).toBe(`nginx@${digest}`)
    expect(pinnedBy('acme/shop', [`docker.io/acme/shop@${digest}`])).toBe(`docker.io/acme/shop@${digest}`)
  })

  test('is read from what was fetched; an image no registry has keeps its id', () => {
    const output = [
      `app ghcr.io/acme/shop:1 ${digest} ["ghcr.io/acme/shop@sha256:${'b'.repeat(64)}"]`,
      `job job:1 ${digest} []`,
      `old ghcr.io/acme/old@${digest} sha256:${'c'.repeat(64)} null`,
      '',
    ].join('\n')
    expect(parseFetched(output)).toEqual({
      app: `ghcr.io/acme/shop@sha256:${'b'.repeat(64)}`,
      job: digest,
      old: `ghcr.io/acme/old@${digest}`,
    })
  })
})

test('a login is written as docker keeps it', () => {
  const login = { username: 'me', password: 'p:w' }
  expect(JSON.parse(dockerConfig({ host: 'ghcr.io', ...login }))).toEqual({
    auths: { 'ghcr.io': { auth: Buffer.from('me:p:w').toString('base64') } },
  })
  expect(dockerConfig({ host: 'docker.io', ...login })).toContain('https://index.docker.io/v1/')
})

test('the override file keeps image and version, and no variable in them', () => {
  expect(JSON.parse(overrideDocument([{ service: 'app', image: digest }], 'v$1'))).toEqual({
    services: {
      app: { image: digest, pull_policy: 'never', labels: { 'blue-green.version': 'v$$1' } },
    },
  })
})
