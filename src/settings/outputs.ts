/** What a run hands to later steps. Each is text; empty where it has no meaning. */
export const outputs = {
  result: '`deployed`, `staged`, `unchanged`, `rolled-back`, `rollback-failed` or `failed`',
  'active-color': 'Color that users reach now',
  'previous-color': 'Color that users reached before',
  'inactive-color': 'Color that users do not reach now',
  switched: '`true` when this run moved traffic to another color, also when it went back later',
  'rolled-back': '`true` when this run put traffic back',
  'failed-phase':
    'Phase that failed: `determine-color`, `deploy-inactive`, `health`, `switch`, `verify` or `cleanup`',
  version:
    'Version this run deployed, went to or tried to deploy: with `rolled-back` it is the one that failed',
  'previous-version': 'Version that users reached before; after a way back they reach it again',
  url: 'Public URL of the app',
  duration: 'How long the run took, in whole seconds',
  'requests-sent': 'Samples sent to the public URLs around the switch',
  'requests-failed': 'Samples that failed',
  'staged-id': 'Id of the staged release; not available yet',
  plan: 'What would be done, a line each, when `dry-run` is on',
  report: 'Everything the summary shows, as JSON',
} as const

export type OutputName = keyof typeof outputs
export const outputNames = Object.keys(outputs) as readonly OutputName[]
