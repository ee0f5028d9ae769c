/** What the demo prints. */
import { styleText } from 'node:util'
import type { Act } from './act.ts'
import type { Played } from './play.ts'

export interface Page {
  head(): string
  /** `link`: where its job summary is. */
  row(number: number, played: Played, link: string): string
  faults(faults: readonly string[]): string
  end(total: Total): string
}

export interface Total {
  readonly ok: boolean
  readonly acts: number
  /** Milliseconds. */
  readonly time: number
  readonly sent: number
  readonly lost: number
  /** Milliseconds from healthy to proven in public, for each release that got so far. */
  readonly proven: readonly number[]
  readonly facts: readonly string[]
  readonly folder: string
}

type Style = Parameters<typeof styleText>[0]

interface Cells {
  readonly act: string
  readonly took: string
  readonly sent: string
  readonly lost: string
  readonly now: string
  readonly link: string
}

const titles: Cells = {
  act: '',
  took: 'took',
  sent: 'sent',
  lost: 'lost',
  now: 'answers',
  link: 'job summary',
}

export interface PageOptions {
  readonly does: string
  readonly acts: readonly Act[]
  readonly users: number
  readonly colored: boolean
}

export function createPage({ does, acts, users, colored }: PageOptions): Page {
  const paint = (style: Style, text: string) =>
    colored ? styleText(style, text, { validateStream: false }) : text
  const width = Math.max(...acts.map(({ title }) => title.length))
  const line = ({ act, took, sent, lost, now, link }: Cells) =>
    [act.padEnd(width + 2), took.padStart(6), sent.padStart(5), lost.padStart(4), now.padEnd(8), link].join(
      '  ',
    )
  return {
    head: () =>
      [
        paint('bold', `The built action, as a runner runs it, ${does}.`),
        `${users} users never stop asking, with GET and POST, half of them on a new connection each time.`,
        '',
        paint('dim', `  ${line(titles)}`),
      ].join('\n'),
    row(number, { act, time, sent, lost, answer, faults }, link) {
      const mark = faults.length === 0 ? paint('green', '✔') : paint('red', '✘')
      const cells = { took: seconds(time), sent: `${sent}`, lost: `${lost}`, now: answer, link }
      return `${mark} ${line({ act: `${number} ${act.title}`, ...cells })}`
    },
    faults: (faults) => faults.map((fault) => paint('red', `    ${fault}`)).join('\n'),
    end({ ok, acts: played, time, sent, lost, proven, facts, folder }) {
      const told = `${played} of ${acts.length} acts in ${seconds(time)}: ${sent} requests sent, ${lost} lost`
      return [
        '',
        ...(proven.length === 0 ? [] : [provenLine(proven)]),
        ...facts,
        `Summaries and logs are kept in ${folder}`,
        paint(ok ? ['bold', 'green'] : ['bold', 'red'], told),
      ].join('\n')
    },
  }
}

function provenLine(times: readonly number[]): string {
  const [least, most] = [Math.min(...times), Math.max(...times)].map(Math.round)
  return `From healthy to proven in public: ${least} to ${most} ms, in ${times.length} releases`
}

const seconds = (time: number): string => `${(time / 1000).toFixed(1)} s`
