import { describe, expect, it } from 'vitest'
import { withDiagnosisFor } from '../../src/github/diagnosis.ts'
import { outputsOf, reportOf } from '../../src/github/outputs.ts'
import { dryRun, failureAfter, failureBefore, measured, notMeasured, success } from './outcomes.ts'

describe('the outputs', () => {
  it('of a deployment', () => {
    const { report, ...outputs } = outputsOf(success)
    expect(outputs).toEqual({
      result: 'deployed',
      'active-color': 'green',
      'previous-color': 'blue',
      'inactive-color': 'blue',
      switched: 'true',
      'rolled-back': 'false',
      'failed-phase': '',
      version: '1.5.0',
      'previous-version': '1.4.2',
      url: 'https://shop.example.com',
      duration: '83',
      'requests-sent': '252',
      'requests-failed': '0',
      'staged-id': '',
      plan: '',
    })
    expect(JSON.parse(report ?? '')).toEqual(success)
  })

  it('of a failure, a dry run and a staged release', () => {
    expect(outputsOf(failureAfter)).toMatchObject({
      'failed-phase': 'verify',
      'requests-failed': '9',
      'rolled-back': 'true',
    })
    expect(outputsOf(dryRun).plan?.split('\n')).toEqual(dryRun.plan)
    expect(outputsOf({ ...success, stagedId: 's-1' })['staged-id']).toBe('s-1')
  })

  it('never call it zero when it was not measured', () => {
    expect(outputsOf(notMeasured)).toMatchObject({ 'requests-sent': '12', 'requests-failed': '' })
    expect(outputsOf({ ...success, evidence: [] })).toMatchObject({
      'requests-sent': '',
      'requests-failed': '',
    })
  })

  it('carry a report that is whole JSON, whatever its length', () => {
    const long = '"\n€'.repeat(500)
    const many = Array.from({ length: 400 }, () => long)
    const answeredBy = Object.fromEntries(many.map((name, index) => [`${index}${name}`, 1]))
    const evidence = many.slice(0, 30).map((url) => ({ ...measured, url, answeredBy }))
    const outcome = { ...success, headline: long, plan: many, notices: many, evidence }
    const report = reportOf(outcome, 120 * 1024)
    expect(Buffer.byteLength(report)).toBeLessThanOrEqual(120 * 1024)
    expect(JSON.parse(report)).toMatchObject({ result: 'deployed', activeColor: 'green', ok: true })
  })
})

describe('the app’s own logs', () => {
  it.each([
    ['summary', 'summary', 1],
    ['summary', 'log', 0],
    ['summary', 'none', 0],
    ['log', 'log', 1],
    ['log', 'summary', 0],
    ['log', 'none', 0],
  ] as const)('in the %s, when allowed in: %s', (place, allowed, sections) => {
    const diagnosis = withDiagnosisFor(place, failureBefore, allowed).failure?.diagnosis
    expect(diagnosis?.sections).toHaveLength(sections)
    expect(diagnosis?.cause).toContain('database')
  })
})
