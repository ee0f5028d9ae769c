import { expect, it } from 'vitest'
import { ecrImage } from '../../../../src/targets/ecs/preflight/images.ts'

const digest = `sha256:${'a'.repeat(64)}`

it.each([
  [
    '123456789012.dkr.ecr.eu-central-1.amazonaws.com/shop:v2',
    { account: '123456789012', region: 'eu-central-1', repository: 'shop', imageId: { imageTag: 'v2' } },
  ],
  [
    '123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/team/shop',
    {
      account: '123456789012',
      region: 'cn-north-1',
      repository: 'team/shop',
      imageId: { imageTag: 'latest' },
    },
  ],
  [
    `123456789012.dkr.ecr.eu-central-1.amazonaws.com/team/shop:v2@${digest}`,
    {
      account: '123456789012',
      region: 'eu-central-1',
      repository: 'team/shop',
      imageId: { imageDigest: digest },
    },
  ],
  [
    '123456789012.dkr-ecr.eu-central-1.on.aws/shop:v2',
    { account: '123456789012', region: 'eu-central-1', repository: 'shop', imageId: { imageTag: 'v2' } },
  ],
  ['public.ecr.aws/docker/library/nginx:1', null],
  ['ghcr.io/org/shop:v2', null],
  ['shop:v2', null],
])('%s is looked up where it is', (image, named) => {
  expect(ecrImage(image)).toEqual(named)
})
