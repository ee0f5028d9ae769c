/** The task definition of a new release: that of the live color with other images. */
import type {
  ContainerDefinition,
  DescribeTaskDefinitionCommandOutput,
  RegisterTaskDefinitionCommandInput,
  TaskDefinition,
} from '@aws-sdk/client-ecs'

export type Described = Pick<DescribeTaskDefinitionCommandOutput, 'taskDefinition' | 'tags'>

/** What we leave in the task definition of a release, as labels of the container that has its image. */
export interface Mark {
  readonly release: string
  readonly version: string
}

export interface Succession {
  /** Whose image is replaced; the others keep theirs. */
  readonly container: string
  readonly image: string
  readonly mark: Mark
}

/** What AWS adds by itself, and takes from nobody. All else is carried over, whatever is still to come. */
export const readOnly = [
  'taskDefinitionArn',
  'revision',
  'status',
  'requiresAttributes',
  'compatibilities',
  'registeredAt',
  'registeredBy',
  'deregisteredAt',
  'deleteRequestedAt',
] as const satisfies readonly (keyof TaskDefinition)[]

/** Throws nothing for a container that is not there: `chooseContainer` comes before. */
export function successorOf(
  { taskDefinition = {}, tags = [] }: Described,
  succession: Succession,
): RegisterTaskDefinitionCommandInput {
  const { containerDefinitions = [], ...rest } = Object.fromEntries(
    Object.entries(taskDefinition).filter(([name]) => !readOnly.some((one) => one === name)),
  ) as Omit<TaskDefinition, (typeof readOnly)[number]>
  // Tags that begin so are AWS's own, and refused: https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html
  const kept = tags.filter(({ key = '' }) => !key.toLowerCase().startsWith('aws:'))
  return {
    ...rest,
    family: rest.family,
    containerDefinitions: containerDefinitions.map((container) =>
      container.name === succession.container ? released(container, succession) : container,
    ),
    ...(kept.length === 0 ? {} : { tags: kept }),
  }
}

const labels = { release: 'blue-green-action.release', version: 'blue-green-action.version' } as const

const released = (
  { dockerLabels, ...container }: ContainerDefinition,
  { image, mark }: Succession,
): ContainerDefinition => ({
  ...container,
  image,
  dockerLabels: { ...dockerLabels, [labels.release]: mark.release, [labels.version]: mark.version },
})

/** null: we did not make it. */
export function markOf({ containerDefinitions = [] }: TaskDefinition): Mark | null {
  for (const { dockerLabels = {} } of containerDefinitions) {
    const { [labels.release]: release, [labels.version]: version } = dockerLabels
    if (release !== undefined && version !== undefined) return { release, version }
  }
  return null
}

export type Chosen =
  | { readonly kind: 'container'; readonly name: string }
  /** `names`: those that it has to be one of. */
  | { readonly kind: 'unclear'; readonly why: string; readonly names: readonly string[] }

/** The container whose image is replaced. `named`: by the settings; null: the only essential one. */
export function chooseContainer({ containerDefinitions = [] }: TaskDefinition, named: string | null): Chosen {
  const names = containerDefinitions.flatMap(({ name }) => name ?? [])
  if (named !== null) {
    if (names.includes(named)) return { kind: 'container', name: named }
    return { kind: 'unclear', why: `has no container \`${named}\``, names }
  }
  // Left out, it is true: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html
  const essential = containerDefinitions.flatMap(({ name, essential: one = true }) =>
    one && name !== undefined ? [name] : [],
  )
  const [only, ...more] = essential
  if (only !== undefined && more.length === 0) return { kind: 'container', name: only }
  return { kind: 'unclear', why: `has ${essential.length} essential containers`, names }
}

export const imageOf = ({ containerDefinitions = [] }: TaskDefinition, container: string): string | null =>
  containerDefinitions.find(({ name }) => name === container)?.image ?? null
