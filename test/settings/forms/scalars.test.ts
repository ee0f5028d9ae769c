import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseBoolean } from '../../../src/settings/forms/boolean.ts'
import { parsePath } from '../../../src/settings/forms/check.ts'
import { parseChoice } from '../../../src/settings/forms/choice.ts'
import { parseComposeName, parseHostPath, parseProject } from '../../../src/settings/forms/compose.ts'
import { parseDuration } from '../../../src/settings/forms/duration.ts'
import { parseCommand } from '../../../src/settings/forms/hook.ts'
import { parseKubeconfig } from '../../../src/settings/forms/kubeconfig.ts'
import {
  parseKubectlVersion,
  parseLabelKey,
  parseLabelName,
  parseLabelValue,
  parseObjectName,
  parseWorkspacePath,
} from '../../../src/settings/forms/kubernetes.ts'
import { parseMaxP99 } from '../../../src/settings/forms/max-p99.ts'
import { nearestName } from '../../../src/settings/forms/nearest.ts'
import type { Parsed } from '../../../src/settings/forms/parsed.ts'
import { parsePattern } from '../../../src/settings/forms/per-color.ts'
import { parsePercent } from '../../../src/settings/forms/percent.ts'
import { parsePort } from '../../../src/settings/forms/port.ts'
import { formatRate, parseRate } from '../../../src/settings/forms/rate.ts'
import { parseRegistry } from '../../../src/settings/forms/registry-host.ts'
import { parseStatus } from '../../../src/settings/forms/status.ts'
import {
  parseAbsolutePath,
  parseCount,
  parseHeaderName,
  parseImage,
  parseLine,
  parseName,
} from '../../../src/settings/forms/text.ts'
import { parseUrl } from '../../../src/settings/forms/url.ts'
import { parsePointer } from '../../../src/settings/forms/version-check.ts'

const parsers: Readonly<Record<string, (text: string) => Parsed<unknown>>> = {
  boolean: parseBoolean,
  duration: parseDuration,
  percent: parsePercent,
  rate: parseRate,
  'max-p99': parseMaxP99,
  status: parseStatus,
  count: parseCount,
  name: parseName,
  line: parseLine,
  image: parseImage,
  header: parseHeaderName,
  'absolute path': parseAbsolutePath,
  'check path': parsePath,
  url: parseUrl,
  pattern: parsePattern,
  pointer: parsePointer,
  command: parseCommand,
  port: parsePort,
  'host path': parseHostPath,
  project: parseProject,
  'compose name': parseComposeName,
  registry: parseRegistry,
  kubeconfig: parseKubeconfig,
  'label name': parseLabelName,
  'object name': parseObjectName,
  'label key': parseLabelKey,
  'label value': parseLabelValue,
  'workspace path': parseWorkspacePath,
  'kubectl version': parseKubectlVersion,
  choice: (text) => parseChoice(text, ['deploy', 'rollback']),
}

describe('what a scalar takes', () => {
  it.each([
    ['boolean', 'true', true],
    ['boolean', 'false', false],
    ['percent', '5%', 0.05],
    ['percent', '0.5%', 0.005],
    ['percent', '100%', 1],
    ['rate', '5/s', 5],
    ['rate', '0.5/s', 0.5],
    ['rate', '0', 0],
    ['max-p99', '300ms', { kind: 'time', time: 300 }],
    ['max-p99', 'x1.5', { kind: 'factor', factor: 1.5 }],
    ['status', '200', { from: 200, to: 200 }],
    ['status', '200-299', { from: 200, to: 299 }],
    ['count', '3', 3],
    ['name', 'my-shop.2', 'my-shop.2'],
    ['absolute path', '/var/lib/{app}', '/var/lib/{app}'],
    ['check path', '/health?full=1', '/health?full=1'],
    ['url', 'http://127.0.0.1:8080/app', 'http://127.0.0.1:8080/app'],
    ['pattern', 'http://{color}.{app}', { blue: 'http://blue.{app}', green: 'http://green.{app}' }],
    ['pointer', '/a/b~1c', '/a/b~1c'],
    ['pointer', '', ''],
    ['command', 'echo "a: b"', 'echo "a: b"'],
    ['port', '1', 1],
    ['port', '65535', 65_535],
    ['host path', '../shared/compose.yml', '../shared/compose.yml'],
    ['host path', '/srv/my shop/compose.yml', '/srv/my shop/compose.yml'],
    ['project', 'shop_2-blue', 'shop_2-blue'],
    ['compose name', 'Web.1_blue', 'Web.1_blue'],
    ['registry', 'ghcr.io', 'ghcr.io'],
    ['registry', 'localhost:5000', 'localhost:5000'],
    ['registry', 'docker.io', 'docker.io'],
    ['registry', 'index.docker.io', 'docker.io'],
    ['registry', 'https://index.docker.io/v1/', 'docker.io'],
    ['registry', 'https://registry-1.docker.io/v2', 'docker.io'],
  ])('%s: %s', (parser, text, value) => {
    expect(parsers[parser]?.(text)).toEqual({ kind: 'value', value })
  })
})

describe('what a scalar refuses, and what it proposes', () => {
  it.each([
    ['boolean', 'yes', 'true'],
    ['boolean', 'True', 'true'],
    ['boolean', 'off', 'false'],
    ['boolean', 'maybe', null],
    ['percent', '5', '5%'],
    ['percent', '0.05', '5%'],
    ['percent', '101%', null],
    ['percent', '5 percent', null],
    ['rate', '5', '5/s'],
    ['rate', '300/m', '5/s'],
    ['rate', '5 / s', '5/s'],
    ['rate', '5/h', null],
    ['rate', '1001/s', null],
    ['max-p99', '300', '300ms'],
    ['max-p99', '1.5x', 'x1.5'],
    ['max-p99', 'x1', null],
    ['max-p99', '0s', null],
    ['status', '2xx', '200-299'],
    ['status', '299-200', '200-299'],
    ['status', '99', null],
    ['status', '600', null],
    ['count', '0', null],
    ['count', '1.5', null],
    ['name', 'My shop', 'my-shop'],
    ['name', '..', null],
    ['name', 'a/b', 'a-b'],
    ['image', 'shop : 1', 'shop:1'],
    ['header', 'X-Color: blue', 'X-Color'],
    ['absolute path', 'var/lib', null],
    ['absolute path', '/var/../etc', null],
    ['absolute path', '/var/{color}', null],
    ['check path', 'health', '/health'],
    ['check path', 'https://shop.example/health?x=1', '/health?x=1'],
    ['check path', '/caf\u00e9', null],
    ['check path', '/a b', null],
    ['url', 'shop.example.com', 'https://shop.example.com'],
    ['url', 'ftp://shop.example.com/x', 'https://shop.example.com/x'],
    ['url', 'https://me:secret@shop.example.com', null],
    ['url', 'https://shop.example.com/#top', 'https://shop.example.com/'],
    ['url', 'https://', null],
    ['pattern', 'http://shop', null],
    ['pattern', 'http://{colour}', 'http://{color}'],
    ['pattern', 'http://{color}/{serivce}', 'http://{color}/{service}'],
    ['pointer', 'build.version', '/build/version'],
    ['command', ' ', null],
    ['command', 'a\0b', null],
    ['choice', 'Deploy', 'deploy'],
    ['choice', 'rolback', 'rollback'],
    ['choice', 'banana', null],
    ['line', 'a\nb', null],
    ['port', '0', null],
    ['port', '65536', null],
    ['port', '127.0.0.1:80', null],
    ['host path', '~/shop/compose.yml', null],
    ['host path', '[a.yml, b.yml]', null],
    ['host path', 'compose/', null],
    ['project', 'Shop.EU', 'shop-eu'],
    ['project', '-', null],
    ['compose name', 'web blue', null],
    ['registry', 'GHCR.io', 'ghcr.io'],
    ['registry', 'ghcr.io/owner/shop', 'ghcr.io'],
    ['registry', 'https://registry.example.com', 'registry.example.com'],
    ['registry', 'docker.io/library', 'docker.io'],
    ['registry', 'not a host', null],
    ['label name', 'Shop.EU', 'shop-eu'],
    ['object name', 'Shop_EU.prod', 'shop-eu.prod'],
    ['label key', 'a/b/c', null],
    ['label value', 'blue!', null],
    ['kubectl version', '1.34', '1.34.0'],
    ['kubectl version', 'latest', null],
  ])('%s: %s', (parser, text, nearest) => {
    expect(parsers[parser]?.(text)).toMatchObject({ kind: 'refused', nearest })
  })

  it('tells a planned choice from an unknown one', () => {
    expect(parseChoice('vps', ['command'], ['vps'])).toMatchObject({
      why: 'is not available yet in this version',
    })
  })
})

describe.each(Object.entries(parsers))('the parser of a %s', (_, parse) => {
  it('never throws, and proposes only what it takes', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({ unit: 'grapheme' }), fc.webUrl()), (text) => {
        const parsed = parse(text)
        const usable =
          parsed.kind === 'value' || parsed.nearest === null || parse(parsed.nearest).kind === 'value'
        expect(usable).toBe(true)
      }),
    )
  })
})

it('a rate and a percentage are read back as they were written', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1000 }), (number) => {
      expect(parseRate(formatRate(number))).toEqual({ kind: 'value', value: number })
      expect(parsePercent(`${number / 10}%`)).toEqual({ kind: 'value', value: number / 10 / 100 })
    }),
  )
})

describe('the nearest name', () => {
  const known = ['health-path', 'health-timeout', 'url', 'bake', 'drain']
  it.each([
    ['helth-path', 'health-path'],
    ['health_path', 'health-path'],
    ['HEALTH-TIMEOUT', 'health-timeout'],
    ['ulr', null],
    ['urls', 'url'],
    ['bkae', null],
    ['banana', null],
    ['', null],
  ])('to %s is %s', (given, nearest) => {
    expect(nearestName(given, known)).toBe(nearest)
  })
})
