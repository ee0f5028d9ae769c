import { defineConfig } from 'vitest/config'

// It keeps every processor busy by itself: beside it, users of other beds would wait for processors, not for the action.
const matrix = 'test/kill/kill.test.ts'

export default defineConfig({
  test: {
    projects: [
      { extends: true, test: { name: 'all', include: ['test/**/*.test.ts'], exclude: [matrix] } },
      { extends: true, test: { name: 'kill', include: [matrix], sequence: { groupOrder: 1 } } },
    ],
    pool: 'forks',
    // Tests wait for servers and processes more than they compute.
    maxWorkers: '100%',
    testTimeout: 60_000,
    hookTimeout: 180_000,
    reporters: [
      'default',
      ...(process.env.GITHUB_ACTIONS ? ['github-actions'] : []),
      './test/repository/closing-line.ts',
    ],
  },
})
