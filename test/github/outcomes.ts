import type { Evidence, Window } from '../../src/checks/evidence.ts'
import type { Outcome, PhaseName, PhaseOutcome } from '../../src/deployment/report.ts'

const start = Date.UTC(2026, 8, 1, 3, 0, 0)

const phases = (...timed: readonly (readonly [PhaseName, number, PhaseOutcome?])[]): Outcome['phases'] => {
  let at = start
  return timed.map(([phase, time, outcome = 'passed']) => {
    const startedAt = at
    at += time
    return { phase, startedAt, endedAt: at, outcome }
  })
}

const window = (sent: number, failed = 0): Window => ({
  sent,
  failed,
  blocked: 0,
  p50: 12,
  p90: 25,
  p99: 41.4,
})

export const measured: Evidence = {
  url: 'https://shop.example.com/health',
  before: window(100),
  after: window(152),
  firstNewAnswer: 118,
  longestGap: 240,
  answeredBy: { '1.5.0': 151, '1.4.2': 1 },
  verdict: 'measured',
}

export const success: Outcome = {
  mode: 'deploy',
  app: 'shop',
  dryRun: false,
  stage: 'main',
  result: 'deployed',
  ok: true,
  headline: 'shop 1.5.0 is live on green',
  activeColor: 'green',
  previousColor: 'blue',
  inactiveColor: 'blue',
  switched: true,
  rolledBack: false,
  version: '1.5.0',
  previousVersion: '1.4.2',
  url: 'https://shop.example.com',
  startedAt: start,
  endedAt: start + 83_400,
  phases: phases(
    ['determine-color', 420],
    ['deploy-inactive', 41_000],
    ['health', 8130],
    ['switch', 640],
    ['verify', 30_200],
    ['cleanup', 3000],
  ),
  evidence: [measured],
  gates: [],
  failure: null,
  notices: [],
  wayBack: ['sudo mv /var/lib/blue-green/shop/green /var/lib/blue-green/shop/off/green'],
  plan: [],
}

export const failureBefore: Outcome = {
  ...success,
  result: 'failed',
  ok: false,
  headline: 'shop 1.5.0 did not become healthy on green; blue serves users as before',
  activeColor: 'blue',
  inactiveColor: 'green',
  switched: false,
  phases: phases(
    ['determine-color', 420],
    ['deploy-inactive', 41_000],
    ['health', 300_000, 'failed'],
    ['switch', 0, 'skipped'],
  ),
  evidence: [],
  endedAt: start + 341_420,
  wayBack: [],
  failure: {
    phase: 'health',
    cause:
      'GET http://127.0.0.1:8081/health answered 502 for 5 min\nlast answer:\n<html>Bad | `Gateway`</html>',
    traffic: 'on blue (1.4.2), as before this run',
    done: ['green was stopped; its logs are below'],
    next: ['docker compose -p shop-green logs', 'Correct the release and run this job again'],
    diagnosis: {
      cause: 'the container exited with 1: it cannot reach its database',
      sections: [
        {
          title: 'shop-green-app-1',
          text: '\u001b[31mError\u001b[0m: connect ECONNREFUSED\n</pre><script>alert(1)</script>\n\n::error::x',
        },
      ],
    },
  },
}

export const failureAfter: Outcome = {
  ...success,
  result: 'rolled-back',
  ok: false,
  headline: 'shop 1.5.0 failed in public and traffic is back on blue',
  activeColor: 'blue',
  inactiveColor: 'green',
  rolledBack: true,
  phases: phases(
    ['determine-color', 420],
    ['deploy-inactive', 41_000],
    ['health', 8130],
    ['switch', 640],
    ['verify', 12_000, 'failed'],
  ),
  evidence: [{ ...measured, after: { ...window(60, 9), blocked: 2 }, longestGap: 2100 }],
  notices: ['12 connections to green were cut'],
  failure: {
    phase: 'verify',
    cause: '9 of 60 requests failed, 15 % (max-error-rate 5 %)',
    traffic: 'on blue (1.4.2); proven by 3 requests',
    done: ['traffic was put back on blue after 2.3 s', 'green was stopped'],
    next: ['Look at the diagnosis, then deploy again'],
    diagnosis: null,
  },
}

export const dryRun: Outcome = {
  ...success,
  dryRun: true,
  headline: 'shop 1.5.0 would go to green',
  activeColor: 'blue',
  inactiveColor: 'green',
  switched: false,
  result: 'unchanged',
  phases: [],
  evidence: [],
  wayBack: [],
  plan: ['deploy 1.5.0 to green', 'check GET /health 3 times', 'switch blue → green', 'watch for 30 s'],
  endedAt: start + 900,
}

export const status: Outcome = {
  ...dryRun,
  mode: 'status',
  dryRun: false,
  headline: 'shop: blue is live, green is stopped',
  previousColor: null,
  previousVersion: null,
  version: '1.4.2',
  plan: ['blue: running, 1.4.2', 'green: stopped, 1.4.1', 'lease: free'],
}

export const postBack: Outcome = {
  ...success,
  stage: 'post',
  result: 'rolled-back',
  headline: 'A later step failed, so traffic went back from green to blue',
  activeColor: 'blue',
  inactiveColor: 'green',
  rolledBack: true,
  phases: [],
  evidence: [],
  endedAt: start + 6200,
  notices: ['green (1.5.0) was stopped'],
  wayBack: [],
}

export const notMeasured: Outcome = {
  ...success,
  evidence: [
    {
      ...measured,
      before: { ...window(0), p50: null, p90: null, p99: null },
      after: window(12),
      firstNewAnswer: null,
      answeredBy: { unknown: 12 },
      verdict: 'not measured',
    },
  ],
}

export const gated: Outcome = {
  ...failureAfter,
  gates: [
    {
      gate: 'cloudwatch-alarm shop-green-error-rate',
      during: 'bake',
      before: 'INSUFFICIENT_DATA',
      said: ['OK', 'ALARM'],
      verdict: 'failed',
      reason:
        'Threshold Crossed: 1 datapoint [0.3 (01/09/26 03:01:00)] was greater than the threshold (0.05).',
    },
    {
      gate: 'cloudwatch-alarm shop-blue-error-rate',
      during: 'bake',
      before: 'ALARM',
      said: ['ALARM'],
      verdict: 'not measured',
      reason: 'it was ALARM before the switch already: <b>Threshold</b> | Crossed.',
    },
    {
      gate: 'cloudwatch-alarm database',
      during: 'health',
      before: null,
      said: ['OK'],
      verdict: 'held',
      reason: null,
    },
  ],
}

export const outcomes = {
  success,
  failureBefore,
  failureAfter,
  dryRun,
  status,
  postBack,
  notMeasured,
  gated,
}
