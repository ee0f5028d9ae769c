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
  /CannotPull\w*Error.*(?:not found|manifest unknown|no match|no platform|denied|unauthorized|not authorized|does not exist|forbidden|status(?: code)?:? 40[134]\b)/is,
  /ResourceInitializationError.*(?:AccessDenied|not authorized|ResourceNotFound|ParameterNotFound|invalid|does not exist)/is,
  /(?:CannotStartContainer|CannotCreateContainer|ContainerRuntime)\w*Error.*(?:exec format|no such file|permission denied|executable file not found|no command specified)/is,
]

/** A registry, a network or a disk that may be better at the next try. */
const passing =
  /time[d ]?-?out|deadline exceeded|connection (?:reset|refused)|toomanyrequests|rate (?:limit|exceeded)|throttl|no space left|unexpected EOF|no such host|status(?: code)?:? (?:429|5\d\d)\b/i

export function isHopeless(task: Task): boolean {
  // Names of images and addresses may hold any word.
  const text = endOf(task).replaceAll(
    /https?:\/\/\S+|[\w.-]+(?:\/[\w.-]+)*:[\w.-]+(?:@sha256:\w+)?(?=[:\s]|$)/g,
    '',
  )
  return !passing.test(text) && hopeless.some((pattern) => pattern.test(text))
}

export const idOf = ({ taskArn = '' }: Task): string => taskArn.split('/').at(-1) ?? taskArn

/**
 * It ended though nobody wanted it to: neither a person nor a scheduler that scales in.
 * https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Task.html#ECS-Type-Task-stopCode
 */
export const isFailure = ({ stopCode, stoppedReason = '' }: Task): boolean =>
  /^(?:TaskFailedToStart|EssentialContainerExited)$/.test(stopCode ?? '') ||
  /^Task failed /.test(stoppedReason)
