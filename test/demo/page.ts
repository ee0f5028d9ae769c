/** What the demo prints. */
import { styleText } from 'node:util'
import type { Act } from './acts.ts'
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
  readonly folder: string
}

type Style = Parameters<typeof styleText>[0]

export interface PageOptions {
  readonly acts: readonly Act[]
  readonly users: number
  readonly colored: boolean
}

export function createPage({ acts, users, colored }: PageOptions): Page {
  const paint = (style: Style, text: string) =>
    colored ? styleText(style, text, { validateStream: false }) : text
  const width = Math.max(...acts.map(({ title }) => title.length))
  const columns = (act: string, took: string, sent: string, lost: string, answers: string, link: string) =>
    `${act.padEnd(width + 5)}${took.padStart(7)}${sent.padStart(7)}${lost.padStart(6)}  ${answers.padEnd(10)}${link}`
  return {
    head: () =>
      [
        paint('bold', 'The built action, as a runner runs it, deploys a small server behind a real nginx.'),
        `${users} users never stop asking, with GET and POST, half of them on a new connection each time.`,
        '',
        paint('dim', columns('', 'took', 'sent', 'lost', 'now', 'job summary')),
      ].join('\n'),
    row(number, { act, time, sent, lost, answer, faults }, link) {
      const mark = faults.length === 0 ? paint('green', '✔') : paint('red', '✘')
      const row = columns(`  ${number} ${act.title}`, seconds(time), `${sent}`, `${lost}`, answer, link)
      return mark + row.slice(1)
    },
    faults: (faults) => faults.map((fault) => paint('red', `    ${fault}`)).join('\n'),
    end({ ok, acts: played, time, sent, lost, folder }) {
      const told = `${played} of ${acts.length} acts in ${seconds(time)}: ${sent} requests sent, ${lost} lost`
      return `\nSummaries and logs are kept in ${folder}\n${paint(ok ? ['bold', 'green'] : ['bold', 'red'], told)}`
    },
  }
}

const seconds = (time: number): string => `${(time / 1000).toFixed(1)} s`
