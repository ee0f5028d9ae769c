import { type Act, deployed } from '../act.ts'

export const acts: readonly Act[] = [
  {
    name: 'first-deployment',
    title: 'First deployment: nobody was routed, now blue is',
    runs: [{ inputs: { version: 'v1' }, ends: deployed }],
    answer: 'blue v1',
  },
  {
    name: 'blue-to-green',
    title: 'The next release: from blue to green',
    runs: [{ inputs: { version: 'v2' }, ends: deployed }],
    answer: 'green v2',
  },
  {
    name: 'never-healthy',
    title: 'A release that never gets healthy: traffic stays',
    runs: [
      {
        inputs: { version: 'v3', 'health-timeout': '2s' },
        release: { HEALTH: 'bad' },
        ends: { main: '1 failed', post: '0' },
      },
    ],
    answer: 'green v2',
  },
  {
    name: 'broken-in-public',
    title: 'Healthy, but broken in public: traffic goes back by itself',
    runs: [
      {
        // Only the check asks for this path, so that what it finds costs no user an answer.
        inputs: { version: 'v4', 'health-timeout': '4s', 'verify-path': '/checkout' },
        release: { PUBLIC: '/checkout' },
        ends: { main: '1 rolled-back', post: '0' },
      },
    ],
    answer: 'green v2',
  },
  {
    name: 'later-step-fails',
    title: 'A later step of the job fails: the post step goes back',
    runs: [
      {
        inputs: { version: 'v5' },
        afterMain: 'a later step fails',
        ends: { main: '0 deployed', post: '0 rolled-back' },
      },
    ],
    answer: 'green v2',
  },
  {
    name: 'main-killed',
    title: 'Main is killed in the switch: its post step goes back',
    runs: [
      {
        inputs: { version: 'v6' },
        mainKilled: 'after the rename',
        ends: { main: 'SIGKILL', post: '0 rolled-back' },
      },
    ],
    answer: 'green v2',
  },
  {
    name: 'no-post-step',
    title: 'Killed there without a post step: the next run clears up first',
    runs: [
      {
        // The next run waits for the lease of the dead one to expire.
        inputs: { version: 'v7', 'lease-ttl': '2s' },
        mainKilled: 'before the rename',
        afterMain: 'the runner is lost',
        ends: { main: 'SIGKILL', post: null },
      },
      { inputs: { version: 'v8' }, ends: deployed },
    ],
    answer: 'blue v8',
  },
  {
    name: 'rollback-twice',
    title: 'Rollback, pressed twice: the second press changes nothing',
    runs: [
      { inputs: { mode: 'rollback' }, ends: { main: '0 rolled-back', post: '0 rolled-back' } },
      { inputs: { mode: 'rollback' }, ends: { main: '0 unchanged', post: '0' } },
    ],
    answer: 'green v2',
  },
]
