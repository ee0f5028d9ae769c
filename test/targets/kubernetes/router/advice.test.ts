import { describe, expect, it } from 'vitest'
import { type Advice, adviceFor, missingService } from '../../../../src/targets/kubernetes/router/advice.ts'
import type { Labels } from '../../../../src/targets/kubernetes/router/colors.ts'
import { plainService, plainSettings } from '../plain-settings.ts'
import { deploymentOf } from '../preflight/objects.ts'

type Settings = Partial<typeof plainSettings>

const unreadOf = (
  selector: Labels,
  deployments: Readonly<Record<string, Labels>> = {},
  settings: Settings = {},
) => ({
  where: {
    settings: { ...plainSettings, ...settings },
    cluster: { name: 'context prod, namespace shop', namespace: 'shop' },
  },
  name: 'web',
  app: plainService,
  selector,
  deployments: Object.entries(deployments).map(([name, labels]) => deploymentOf(name, { labels })),
})

const patch = (selector: Labels) =>
  `kubectl -n shop patch service web --type=merge -p '${JSON.stringify({ spec: { selector } })}'`

describe('a Service whose color is', () => {
  const color = { key: 'color', values: { blue: 'blue', green: 'green' } }

  it('neither of the two can be put on one of them', () => {
    const unread = unreadOf({ app: 'shop', color: 'purple' }, {}, { context: 'prod east' })
    expect(adviceFor(unread, { kind: 'neither', value: 'purple', ...color })).toEqual({
      detail: 'Service web selects color=purple, and not color (blue for blue, green for green)',
      repair: [
        '# to put traffic on blue:',
        `kubectl --context 'prod east' -n shop patch service web --type=merge -p '{"spec":{"selector":{"color":"blue"}}}'`,
        '# to put traffic on green:',
        `kubectl --context 'prod east' -n shop patch service web --type=merge -p '{"spec":{"selector":{"color":"green"}}}'`,
      ],
    })
  })

  it('said by two keys asks which of them', () => {
    const version = { key: 'version', values: { blue: 'v1', green: 'v2' } }
    expect(adviceFor(unreadOf({}), { kind: 'unclear', keys: [color, version] })).toEqual({
      detail:
        'the color in the selector of Service web may be color (blue for blue, green for green) or version (v1 for blue, v2 for green)',
      repair: [
        '# say in the settings which key it is, and take the others out of the selector:',
        'selector-key: color',
        'selector-key: version',
      ],
    })
  })
})

describe('a Service that names no color', () => {
  const look = 'kubectl -n shop get deployments --show-labels'
  const plain = { app: 'shop' }
  const copy = (deployment: string, to: string, labels: Labels) =>
    `kubectl -n shop get deployment ${deployment} -o json | kubectl patch -f - --local --type=json -o json -p '${JSON.stringify(
      [
        { op: 'replace', path: '/metadata/name', value: to },
        { op: 'remove', path: '/metadata/resourceVersion' },
        { op: 'remove', path: '/status' },
        ...['/spec/selector/matchLabels', '/spec/template/metadata/labels'].flatMap((path) =>
          Object.entries(labels).map(([key, value]) => ({
            op: 'add',
            path: `${path}/${key.replace('/', '~1')}`,
            value,
          })),
        ),
      ],
    )}' | kubectl -n shop create -f -`

  it.each<[string, Labels, Readonly<Record<string, Labels>>, Settings, Advice]>([
    [
      'has no selector',
      {},
      { 'shop-blue': plain },
      {},
      { detail: 'Service web has no selector, so no Deployment gets its traffic', repair: [look] },
    ],
    [
      'selects what nobody has',
      { app: 'web' },
      { 'shop-blue': plain },
      {},
      {
        detail:
          'Service web selects app=web, which the pods of no Deployment have; ours are shop-blue and shop-green',
        repair: [look],
      },
    ],
    [
      'selects several',
      plain,
      { 'shop-blue': plain, 'shop-worker': { ...plain, part: 'worker' } },
      {},
      {
        detail:
          'Service web selects app=shop, which names no color, and the pods of shop-blue, shop-worker have it',
        repair: [look],
      },
    ],
    [
      'selects a color whose pods say so',
      plain,
      { 'shop-green': { ...plain, color: 'green' } },
      {},
      {
        detail:
          'Service web selects app=shop, which names no color: all of its traffic goes to Deployment shop-green',
        repair: ['# have the Service ask for green:', patch({ color: 'green' })],
      },
    ],
    [
      'selects pods that say their color, and not the name of their Deployment',
      plain,
      { legacy: { ...plain, color: 'green' } },
      {},
      {
        detail:
          'Service web selects app=shop, which names no color: all of its traffic goes to Deployment legacy',
        repair: ['# have the Service ask for green:', patch({ color: 'green' })],
      },
    ],
    [
      'selects a color whose pods do not say so',
      plain,
      { 'shop-green': plain },
      { selectorKey: 'slot', selectorValue: { blue: 'a', green: 'b' } },
      {
        detail:
          'Service web selects app=shop, which names no color: all of its traffic goes to Deployment shop-green',
        repair: [
          '# label the pods of shop-green as green, which replaces them one after the other:',
          `kubectl -n shop patch deployment shop-green --type=merge -p '{"spec":{"template":{"metadata":{"labels":{"slot":"b"}}}}}'`,
          'kubectl -n shop rollout status deployment/shop-green',
          '# have the Service ask for green:',
          patch({ slot: 'b' }),
        ],
      },
    ],
    [
      'selects a Deployment of another name',
      plain,
      { shop: plain },
      { selectorKey: 'example.com/color' },
      {
        detail:
          'Service web selects app=shop, which names no color: all of its traffic goes to Deployment shop',
        repair: [
          '# run the same as shop-blue, with the color:',
          copy('shop', 'shop-blue', { 'example.com/color': 'blue' }),
          'kubectl -n shop rollout status deployment/shop-blue',
          '# have the Service ask for blue:',
          patch({ 'example.com/color': 'blue' }),
          '# shop is out of the way then:',
          'kubectl -n shop delete deployment shop',
        ],
      },
    ],
  ])('as it %s', (_, selector, deployments, settings, advice) => {
    expect(adviceFor(unreadOf(selector, deployments, settings), { kind: 'uncolored' })).toEqual(advice)
  })
})

describe('a Service that is not there is made', () => {
  const port = { ports: [{ containerPort: 3000 }] }
  const blue = deploymentOf('shop-blue', {
    labels: { app: 'shop', color: 'blue', release: 'one' },
    container: port,
  })
  const green = deploymentOf('shop-green', { labels: { app: 'shop', color: 'green', release: 'two' } })

  it.each([
    ['for blue where there is none at all', [], 'blue', { app: 'shop', color: 'blue' }, 8080],
    [
      'for blue where there are both, by what both have',
      [blue, green],
      'blue',
      { app: 'shop', color: 'blue' },
      3000,
    ],
    ['for blue alone', [blue], 'blue', { app: 'shop', color: 'blue', release: 'one' }, 3000],
    ['for green alone', [green], 'green', { app: 'shop', color: 'green', release: 'two' }, 8080],
  ])('%s', (_, deployments, color, selector, targetPort) => {
    const { where, name, app } = unreadOf({})
    const { detail, repair } = missingService({ where, name, app, deployments })
    expect(detail).toBe('Service web is not there in context prod, namespace shop')
    const [comment, command = ''] = repair
    expect(comment).toBe(`# to create it for ${color}, with the port of your own:`)
    const [, json = ''] = /^echo '(.*)' \| kubectl -n shop create -f -$/.exec(command) ?? []
    expect(JSON.parse(json)).toEqual({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web' },
      spec: { selector, ports: [{ port: 80, targetPort }] },
    })
  })
})
