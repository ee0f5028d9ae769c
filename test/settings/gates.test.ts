import { describe, expect, it } from 'vitest'
import { enough, problemsOf, settingsOf } from './reading.ts'

const gatesOf = (...given: Parameters<typeof settingsOf>) => settingsOf(...given).intent.gates
const alarm = (name: string, during: 'bake' | 'health' = 'bake') => ({
  kind: 'cloudwatch-alarm',
  alarm: name,
  during,
})

const accepted = '`{ cloudwatch-alarm: NAME }`, with `during: bake` or `during: health`.'

describe('gates', () => {
  it('are none where nothing is said', () => {
    expect(gatesOf(enough)).toEqual([])
  })

  it('are alarms that must hold in the bake, or before the switch', () => {
    const text = '[{ cloudwatch-alarm: shop errors }, { cloudwatch-alarm: 5xx, during: health }]'
    const expected = [alarm('shop errors'), alarm('5xx', 'health')]
    expect(gatesOf({ ...enough, gates: text })).toEqual(expected)
    expect(gatesOf({ ...enough, config: 'deploy.yml' }, `gates: ${text}`)).toEqual(expected)
  })

  it('are of no account in a rollback, which has no bake', () => {
    expect(gatesOf({ ...enough, mode: 'rollback', gates: '[{ cloudwatch-alarm: a }]' })).toEqual([])
  })

  it.each<[string, string, readonly string[]]>([
    [
      'a text',
      'shop-errors',
      [`\`gates\`: \`shop-errors\` cannot stand here. Accepted: a list of ${accepted}`],
    ],
    [
      'a map alone',
      '{ cloudwatch-alarm: a }',
      [`\`gates\`: a map cannot stand here. Accepted: a list of ${accepted}`],
    ],
    ['nothing', '[]', [`\`gates\`: a list is empty. Accepted: a list of ${accepted}`]],
    [
      'names without a map',
      '[shop-errors]',
      [`\`gates.0\`: \`shop-errors\` cannot stand here. Accepted: ${accepted}`],
    ],
    ['a time alone', '[{ during: bake }]', [`\`gates.0\`: a map names no condition. Accepted: ${accepted}`]],
    [
      'another time',
      '[{ cloudwatch-alarm: a, during: bakes }]',
      [
        '`gates.0.during`: `bakes` is not one of the choices: did you mean `bake`? Accepted: `bake` or `health`.',
      ],
    ],
    [
      'an unknown key',
      '[{ cloudwatch-alarms: a }]',
      [
        '`gates.0.cloudwatch-alarms` is not known: did you mean `cloudwatch-alarm`? Accepted: `cloudwatch-alarm`, `during`.',
      ],
    ],
    [
      'what is to come',
      '[{ prometheus: up }, { log: ERROR }, { command: ./ask, during: health }]',
      ['prometheus', 'log', 'command'].map(
        (kind, index) => `\`gates.${index}.${kind}\` is not available yet in this version.`,
      ),
    ],
    [
      'an ARN',
      '[{ cloudwatch-alarm: "arn:aws:cloudwatch:eu-central-1:123456789012:alarm:shop: errors" }]',
      [
        '`gates.0.cloudwatch-alarm`: `arn:aws:cloudwatch:eu-central-1:123456789012:alarm:shop: errors` is an ARN, and an alarm is known by its name here: did you mean `shop: errors`? Accepted: the name of an alarm in CloudWatch, of up to 255 characters.',
      ],
    ],
    [
      'names that no alarm has',
      `[{ cloudwatch-alarm: "" }, { cloudwatch-alarm: "a\\nb" }, { cloudwatch-alarm: ${'x'.repeat(256)} }]`,
      ['an empty text is empty.', 'holds line breaks or control characters', 'is longer than 255 characters'],
    ],
    [
      'more than can be asked for at once',
      JSON.stringify(Array.from({ length: 101 }, (_, index) => ({ 'cloudwatch-alarm': `a${index}` }))),
      ['names more than 100 conditions'],
    ],
  ])('are not %s', (_, gates, expected) => {
    const problems = problemsOf({ ...enough, gates })
    expect(problems).toEqual(expected.map((text) => expect.stringContaining(text)))
  })

  it('that watch the bake need one', () => {
    const gates = '[{ cloudwatch-alarm: a, during: health }, { cloudwatch-alarm: b }]'
    expect(problemsOf({ ...enough, gates, bake: '0s' })).toEqual([
      '`gates.1.during` is `bake`, and `bake: 0s` leaves no time to watch. Accepted: `bake: 2m`, or as long as the alarm takes to see the new color; or `during: health`.',
    ])
    expect(problemsOf({ ...enough, gates: '[{ cloudwatch-alarm: a, during: health }]', bake: '0s' })).toEqual(
      [],
    )
    expect(problemsOf({ ...enough, gates, bake: '0s', mode: 'rollback' })).toEqual([])
  })
})
