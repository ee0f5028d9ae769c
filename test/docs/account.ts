/** The AWS account of whoever reads the texts on ECS: they are tried word for word, but for ARNs, images and the public URL. */
import { dirname } from 'node:path'
import { startAwsLab } from '../bed/aws/aws-lab.ts'
import { colorHeader } from '../bed/aws/front.ts'
import type { Shop, ShopOrder } from '../bed/aws/shop.ts'
import { temporaryFolder } from '../bed/folder.ts'
import { bundles } from '../process/shop.ts'
import { findProgram } from '../programs.ts'
import { type Ended, type Job, runJob } from './job.ts'

export interface Account extends AsyncDisposable {
  readonly shop: Shop
  runJob(job: Job): Promise<Ended>
  /** Tasks that each color is to have. */
  desired(): Promise<readonly unknown[]>
}

/** As the texts name what has another name here. */
interface Named {
  readonly listener: string
  readonly image: string
  /** That leads to a color; left out: none does. */
  readonly header?: string
}

export async function openAccount(order: ShopOrder, named: Named): Promise<Account> {
  await using stack = new AsyncDisposableStack()
  const { path: root } = stack.use(await temporaryFolder())
  const lab = stack.use(await startAwsLab())
  const shop = stack.use(await lab.makeShop({ deregistrationDelay: 2, ...order }))
  const here = (text: string) =>
    text
      .replaceAll(named.listener, shop.listenerArn)
      .replaceAll(repositoryIn(named.image), repositoryIn(shop.image))
      .replaceAll('https://shop.example.com', shop.url)
      .replaceAll(named.header ?? colorHeader, colorHeader)
  // A name of its own keeps each shop of the lab apart.
  const inputs = {
    cluster: shop.cluster,
    'ecs-service': `${shop.name}-{color}`,
    'lock-parameter': `/blue-green/${shop.name}`,
  }
  const workshop = {
    root,
    action: bundles,
    env: {
      ...shop.environment,
      // As aws-actions/configure-aws-credentials leaves it to the steps after it, and a runner has `aws`.
      AWS_DEFAULT_REGION: shop.environment.AWS_REGION,
      PATH: `${dirname(findProgram('aws') ?? '')}:${process.env.PATH}`,
    },
    here,
    expressions: {},
    inputs,
  }
  const owned = stack.move()
  return {
    shop,
    runJob: (job) => runJob(workshop, job),
    desired: async () => [
      (await shop.describe('blue')).desiredCount,
      (await shop.describe('green')).desiredCount,
    ],
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

/** Without its tag. */
const repositoryIn = (image: string): string => image.replace(/:[^:/]*$/, '').replace(/:\$\{\{.*$/, '')
