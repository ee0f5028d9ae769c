import type { Reporter } from 'vitest/node'

/** Ends a run with one plain line, which a person and a machine can read: `N passed, N failed, N skipped`. */
export default class ClosingLine implements Reporter {
  readonly onTestRunEnd: NonNullable<Reporter['onTestRunEnd']> = (files, errors) => {
    const counts = { passed: 0, failed: 0, skipped: 0, pending: 0 }
    for (const file of files) {
      for (const test of file.children.allTests()) counts[test.result().state]++
      counts.failed += file.errors().length
    }
    const failed = counts.failed + errors.length
    console.log(`${counts.passed} passed, ${failed} failed, ${counts.skipped + counts.pending} skipped`)
  }
}
