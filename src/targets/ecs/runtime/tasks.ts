/** Why tasks ended. */
import type { Task } from '@aws-sdk/client-ecs'

/** `web: exit code 1 (OutOfMemoryError: …)` of each container that did not end well, after the reason of the task. */
export function endOf({ stoppedReason = 'no reason given', containers = [] }: Task): string {
  const said = containers.flatMap(({ name, exitCode, reason }) => {
    if (exitCode === undefined && reason === undefined) return []
    if (exitCode === 0 && reason === undefined) return []
    const code = exitCode === undefined ? [] : [`exit code ${exitCode}`]
    return [`${name}: ${[...code, ...(reason === undefined ? [] : [reason])].join(', ')}`]
  })
  return [stoppedReason, ...said].join('; ')
}

/**
 * What ECS tries again and again, though it cannot come out otherwise: an image, a secret or a permission that is not there.
 * https://docs.aws.amazon.com/AmazonECS/latest/developerguide/stopped-task-error-codes.html
 */
const hopeless = [
  /CannotPull(?:Container|ImageManifest|.*)Error.*(?:not found|manifest unknown|no match|denied|unauthorized|not authorized|does not exist|403|404)/is,
  /CannotPullImageManifestError/i,
  /ResourceInitializationError.*(?:AccessDenied|not authorized|ResourceNotFound|ParameterNotFound|invalid|does not exist)/is,
  /CannotCreateContainerError|CannotStartContainerError|ContainerRuntimeError.*exec format/is,
]

export const isHopeless = (task: Task): boolean => hopeless.some((pattern) => pattern.test(endOf(task)))

export const idOf = ({ taskArn = '' }: Task): string => taskArn.split('/').at(-1) ?? taskArn

/**
 * It ended though nobody wanted it to: neither a person nor a scheduler that scales in.
 * https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Task.html#ECS-Type-Task-stopCode
 */
export const isFailure = ({ stopCode, stoppedReason = '' }: Task): boolean =>
  /^(?:TaskFailedToStart|EssentialContainerExited)$/.test(stopCode ?? '') ||
  /^Task failed /.test(stoppedReason)
