import type { Reporter, TestModule } from 'vitest/node'

/** Ends a run with one plain line, which a person and a machine can read: `N passed, N failed, N skipped`. */
export default class ClosingLine implements Reporter {
  readonly onTestRunEnd: NonNullable<Reporter['onTestRunEnd']> = (files, errors) => {
    const states = files.flatMap((file) => [...file.children.allTests()].map((test) => test.result().state))
    const count = (state: (typeof states)[number]) => states.filter((one) => one === state).length
    const failed = count('failed') + files.reduce((sum, file) => sum + brokenSuites(file), 0) + errors.length
    console.log(`${count('passed')} passed, ${failed} failed, ${count('skipped') + count('pending')} skipped`)
  }
}

/** A file that cannot be loaded or a suite whose preparation fails: its tests count as skipped, and it as one failure. */
const brokenSuites = (file: TestModule): number =>
  [file, ...file.children.allSuites()].filter((suite) => suite.errors().length > 0).length
