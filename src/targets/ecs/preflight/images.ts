/** Whether images are there, where the registry is one that AWS answers for. */
import { type Aws, isRefused, Refusal } from '../../../aws/aws.ts'
import type { Problem } from '../../target.ts'

export interface EcrImage {
  readonly account: string
  readonly region: string
  readonly repository: string
  readonly imageId: { readonly imageTag: string } | { readonly imageDigest: string }
}

/** null: it is of another registry. https://docs.aws.amazon.com/AmazonECR/latest/userguide/Registries.html */
export function ecrImage(image: string): EcrImage | null {
  const [, account, region, path] =
    /^(\d{12})\.dkr[.-]ecr(?:-fips)?\.([a-z0-9-]+)\.(?:amazonaws\.com(?:\.cn)?|on\.aws)\/(.+)$/.exec(image) ??
    []
  if (account === undefined || region === undefined || path === undefined) return null
  const [name = '', imageDigest] = path.split('@')
  const [, repository = name, imageTag = 'latest'] = /^(.+?):([^:/]+)$/.exec(name) ?? []
  const imageId = imageDigest === undefined ? { imageTag } : { imageDigest }
  return { account, region, repository, imageId }
}

/** Nobody is asked about images of other registries and regions. */
export async function imageProblems(
  aws: Aws,
  region: string,
  images: readonly string[],
): Promise<readonly Problem[]> {
  const found = await Promise.all(
    [...new Set(images)].map(async (image) => {
      const named = ecrImage(image)
      return named === null || named.region !== region ? [] : problemOf(aws, image, named)
    }),
  )
  return found.flat()
}

async function problemOf(
  aws: Aws,
  image: string,
  { account, repository, imageId }: EcrImage,
): Promise<readonly Problem[]> {
  try {
    await aws.ask('ecr:DescribeImages', {
      registryId: account,
      repositoryName: repository,
      imageIds: [imageId],
    })
    return []
  } catch (error) {
    if (isRefused(error, 'ImageNotFoundException') || isRefused(error, 'RepositoryNotFoundException'))
      return [
        {
          setting: 'image',
          what: `There is no image ${image} in ECR.`,
          fix: `Push it before this step. Those there are: aws ecr describe-images --repository-name ${repository}`,
        },
      ]
    // Who runs a task may pull what we may not look up.
    if (error instanceof Refusal) return []
    throw error
  }
}
