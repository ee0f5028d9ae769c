import { expect, it } from 'vitest'
import { pinnedImage } from '../../../../src/targets/ecs/runtime/starting.ts'

const [one, other] = ['a', 'b'].map((letter) => `sha256:${letter.repeat(64)}`) as [string, string]
const task = (imageDigest?: string) => ({
  containers: [
    { name: 'logs', imageDigest: 'sha256:logs' },
    { name: 'app', ...(imageDigest && { imageDigest }) },
  ],
})

it.each<readonly [string, string, Parameters<typeof pinnedImage>[1], string]>([
  ['by the digest that all tasks run', 'host:5000/shop:2', [task(one), task(one)], `host:5000/shop@${one}`],
  ['by the tag, when it has moved between two tasks', 'shop:2', [task(one), task(other)], 'shop:2'],
  ['by the tag, when nobody tells a digest', 'shop:2', [task()], 'shop:2'],
  ['by the digest that it was ordered with', `shop@${other}`, [task(one)], `shop@${other}`],
])('an image is known %s', (_, image, tasks, known) => {
  expect(pinnedImage(image, tasks, 'app')).toBe(known)
})
