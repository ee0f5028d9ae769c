import { expect, it } from 'vitest'
import { type Proof, proveColor } from '../../../../src/targets/ecs/router/proof.ts'
import { fakeClock } from '../../../fake-clock.ts'

/** The last answer goes on for ever. */
const prove = async (...urls: readonly (readonly (string | null)[])[]): Promise<Proof> => {
  const clock = fakeClock()
  const publicColors = urls.map((answers, index) => {
    const left = [...answers]
    return {
      url: `https://${index}.example.com`,
      ask: async () => (left.length > 1 ? (left.shift() ?? null) : (left[0] ?? null)),
    }
  })
  const proving = proveColor(publicColors, { color: 'green', clock, signal: new AbortController().signal })
  await clock.advance(60_000)
  return proving
}

it.each<readonly [string, readonly (readonly (string | null)[])[], Proof]>([
  ['three answers in a row', [['green']], { kind: 'proven', requests: 3 }],
  ['whatever case they have', [[' Green ']], { kind: 'proven', requests: 3 }],
  [
    'not before the last node has followed',
    [['blue', 'green', 'blue', 'green']],
    { kind: 'proven', requests: 6 },
  ],
  ['answers of every URL', [['green'], ['blue', 'green']], { kind: 'proven', requests: 7 }],
  [
    'the first that name it, where the color that was left named none',
    [[null, null, null, null, 'green']],
    { kind: 'proven', requests: 7 },
  ],
  ['an answer that failed in between', [['green', null, 'green']], { kind: 'proven', requests: 5 }],
])('a color is proven by %s', async (_, answers, proof) => {
  expect(await prove(...answers)).toEqual(proof)
})

it('is elsewhere when a URL goes on answering as the other one', async () => {
  const proof = { kind: 'elsewhere', url: 'https://1.example.com', answers: 'blue' }
  expect(await prove(['green'], ['blue'])).toEqual(proof)
})

it.each<readonly [string, readonly (readonly (string | null)[])[]]>([
  ['there is nobody to ask', []],
  ['answers name no color', [[null]]],
  ['answers of one URL name none', [['green'], [null]]],
])('is not proven while %s', async (_, answers) => {
  expect(await prove(...answers)).toEqual({ kind: 'unnamed' })
})
