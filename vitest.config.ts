import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
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
