import type { Task } from '@aws-sdk/client-ecs'
import { expect, it } from 'vitest'
import { endOf, isFailure, isHopeless } from '../../../../src/targets/ecs/runtime/tasks.ts'

const ended = (stoppedReason: string): Task => ({ stoppedReason })

it.each([
  'CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref shop:2: shop:2: not found',
  'CannotPullContainerError: pull access denied for shop, repository does not exist',
  'CannotPullImageManifestError: image has no platform linux/amd64',
  'CannotPullContainerError: failed to authorize: unexpected status code 403',
  'CannotPullContainerError: failed to authorize: failed to fetch anonymous token: unexpected status from GET request to https://ghcr.io/token?scope=timeout: 403 Forbidden',
  'CannotPullContainerError: failed to resolve ref docker.io/acme/shop:fix-timeout: docker.io/acme/shop:fix-timeout: not found',
  'CannotStartContainerError: ResourceInitializationError: runc create failed: exec: "/entry.sh": permission denied',
  'CannotStartContainerError: ResourceInitializationError: runc create failed: exec: "serve": executable file not found in $PATH',
  'ResourceInitializationError: unable to pull secrets or registry auth: AccessDeniedException: not authorized to perform: ssm:GetParameters',
  'ResourceInitializationError: unable to pull secrets: ResourceNotFoundException: Secrets Manager can’t find the specified secret.',
])('%s is not waited for', (reason) => {
  expect(isHopeless(ended(reason))).toBe(true)
})

it.each([
  'CannotPullContainerError: i/o timeout',
  'CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to copy: httpReadSeeker: failed open: Get "https://prod.s3.amazonaws.com/404f-8f3c403b?X-Amz-Signature=404": dial tcp 10.0.0.1:443: i/o timeout',
  'CannotPullContainerError: inspect image has been retried 1 time(s): failed to resolve ref shop:2: unexpected status code 429: toomanyrequests: not found in the cache',
  'CannotPullImageManifestError: Error response from daemon: net/http: request canceled (Client.Timeout exceeded while awaiting headers)',
  'CannotCreateContainerError: Error response from daemon: no space left on device',
  'ResourceInitializationError: failed to configure ENI: timed out',
  'Essential container in task exited',
  'Task failed ELB health checks in (target-group arn)',
])('%s may end well when it is tried again', (reason) => {
  expect(isHopeless(ended(reason))).toBe(false)
})

it('tells how each container ended that did not end well', () => {
  const containers = [
    { name: 'app', exitCode: 137, reason: 'OutOfMemoryError: Container killed due to memory usage' },
    { name: 'logs', exitCode: 0 },
    { name: 'init' },
  ]
  expect(endOf({ stoppedReason: 'Essential container in task exited', containers })).toBe(
    'Essential container in task exited; app: exit code 137, OutOfMemoryError: Container killed due to memory usage',
  )
})

it.each<readonly [Task, boolean]>([
  [{ stopCode: 'TaskFailedToStart', stoppedReason: 'CannotPullContainerError' }, true],
  [{ stopCode: 'EssentialContainerExited', stoppedReason: 'Essential container in task exited' }, true],
  [{ stopCode: 'ServiceSchedulerInitiated', stoppedReason: 'Task failed ELB health checks in (arn)' }, true],
  [
    { stopCode: 'ServiceSchedulerInitiated', stoppedReason: 'Scaling activity initiated by deployment' },
    false,
  ],
  [{ stopCode: 'UserInitiated', stoppedReason: 'Task stopped by user' }, false],
])('of %j says whether anybody wanted it', (task, failed) => {
  expect(isFailure(task)).toBe(failed)
})
