import type { Given } from '../../src/settings/given.ts'
import { readSettings, type Settings } from '../../src/settings/read.ts'

export const commands = 'observe: cat live\ndeploy: ./deploy\nswitch: ./switch\nstop: ./stop\n'

/** Enough for a deployment. */
export const enough = { target: 'command', app: 'shop', commands, 'color-url': 'http://{color}.local' }

/** Enough for an app of one service on the machine that runs the job. */
export const plainVps = {
  target: 'vps',
  app: 'shop',
  directory: '/srv/shop',
  'ssh-host': 'local',
  'blue-port': '3010',
  'green-port': '3020',
  url: 'https://shop.example.com',
}

export const givenOf = (
  inputs: Readonly<Record<string, string>>,
  config: string | null = null,
  environment: Readonly<Record<string, string>> = { GITHUB_SHA: 'c0ffee' },
): Given => ({ inputs, config: config === null ? null : { path: 'deploy.yml', text: config }, environment })

export function settingsOf(...given: Parameters<typeof givenOf>): Settings {
  const reading = readSettings(givenOf(...given))
  if (reading.kind === 'problems') throw new Error(reading.problems.map(({ text }) => text).join('\n'))
  return reading.settings
}

export function problemsOf(...given: Parameters<typeof givenOf>): readonly string[] {
  const reading = readSettings(givenOf(...given))
  return reading.kind === 'problems' ? reading.problems.map(({ text }) => text) : []
}

/** Enough for an app of one service in the namespace that kubectl would use. */
export const plainKubernetes = {
  target: 'kubernetes',
  app: 'shop',
  image: 'registry.example.com/shop:2',
  url: 'https://shop.example.com',
}

const account = 'arn:aws:elasticloadbalancing:eu-central-1:123456789012'
export const listenerArn = `${account}:listener/app/shop/50dc6c495c0c9188/f2f7dc8efc522ab2`
export const ruleArn = `${account}:listener-rule/app/shop/50dc6c495c0c9188/f2f7dc8efc522ab2/9683b2d02a6cabee`

/** Enough for an app of one service behind one listener. */
export const plainEcs = {
  target: 'ecs',
  app: 'shop',
  image: 'registry.example.com/shop:2',
  url: 'https://shop.example.com',
  'listener-arn': listenerArn,
}

/** With two contexts, of which `prod` is the current one. */
export const kubeconfigText = `apiVersion: v1
kind: Config
current-context: prod
clusters:
  - { name: main, cluster: { server: "https://10.0.0.1:6443", certificate-authority-data: LS0tLS1CRUdJTg== } }
users:
  - { name: deployer, user: { token: abc-def-ghi } }
  - name: cloud
    user:
      client-certificate-data: Y2VydGlmaWNhdGU=
      client-key-data: cHJpdmF0ZSBrZXk=
      exec: { command: aws, env: [{ name: AWS_PROFILE, value: prod }, { name: CLOUD_TOKEN, value: xyz-uvw }] }
contexts:
  - { name: prod, context: { cluster: main, user: deployer, namespace: shop } }
  - { name: staging, context: { cluster: main, user: cloud } }
`
