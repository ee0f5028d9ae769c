import { type Act, deployed } from '../act.ts'

export const acts: readonly Act[] = [
  {
    name: 'first-deployment',
    title: 'First deployment: nothing ran, and users arrive after the switch',
    runs: [{ inputs: { version: 'v1' }, ends: deployed }],
    answer: 'green v1',
  },
  {
    name: 'green-to-blue',
    title: 'The next release: from green to blue',
    runs: [{ inputs: { version: 'v2' }, ends: deployed }],
    answer: 'blue v2',
  },
  {
    name: 'broken-in-public',
    title: 'Healthy, but answers 500 in public: traffic goes back by itself',
    runs: [
      {
        // Only the check asks for this path, so that what it finds costs no user an answer.
        inputs: { version: 'v3', 'health-timeout': '4s', 'verify-path': '/checkout' },
        release: { PUBLIC: '/checkout' },
        ends: { main: '1 rolled-back', post: '0' },
      },
    ],
    answer: 'blue v2',
  },
  {
    name: 'crashing-container',
    title: 'A container that crashes: it never gets users',
    runs: [
      {
        inputs: { version: 'v4' },
        release: { CRASH: 'yes' },
        ends: { main: '1 failed', post: '0' },
      },
    ],
    answer: 'blue v2',
  },
  {
    name: 'main-killed',
    title: 'Main is killed when users are on the release: its post step goes back',
    runs: [
      {
        inputs: { version: 'v5' },
        mainKilled: 'after the rename',
        ends: { main: 'SIGKILL', post: '0 rolled-back' },
      },
    ],
    answer: 'blue v2',
  },
  {
    name: 'flag-by-hand',
    title: 'Somebody moves the flag while the release is watched: it is left to them',
    runs: [
      {
        inputs: { version: 'v6', bake: '10s' },
        byHand: { when: 'Watching green', to: 'blue' },
        ends: { main: '1 failed', post: '0' },
      },
    ],
    answer: 'blue v2',
  },
  {
    name: 'rollback',
    title: 'Another release, and a rollback from it',
    runs: [
      { inputs: { version: 'v7' }, ends: deployed },
      { inputs: { mode: 'rollback' }, ends: { main: '0 rolled-back', post: '0 rolled-back' } },
    ],
    answer: 'blue v2',
  },
  {
    name: 'status',
    title: 'How do things stand? It changes nothing',
    runs: [{ inputs: { mode: 'status' }, ends: { main: '0 unchanged', post: '0' } }],
    answer: 'blue v2',
  },
]
