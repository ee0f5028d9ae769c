import { withoutUserInfo } from './forms/url.ts'
import type { Raw } from './yaml.ts'

/** Something a person has to change before the run can begin. */
export interface SettingProblem {
  /** With the way inside it: `services.web.url`. */
  readonly setting: string
  /** What was given, short and on one line; a secret is `***`. null where nothing was given. */
  readonly value: string | null
  /** null where no value would do. */
  readonly accepted: string | null
  /** What was probably meant. */
  readonly nearest: string | null
  /** All of it, on one line. */
  readonly text: string
}

export interface Fault {
  readonly setting: string
  readonly why: string
  /** Whether `why` speaks of the value ("has no unit") or of the setting ("is required"). */
  readonly subject: 'value' | 'setting'
  readonly raw?: Raw | undefined
  readonly secret?: boolean
  readonly accepted?: string | null
  readonly nearest?: string | null
  /** Where it stands, where that is not an input: `deploy.yml, line 4`. */
  readonly place?: string | null
}

export function problemOf(fault: Fault): SettingProblem {
  const { setting, why, subject, raw, accepted = null, nearest = null, place = null } = fault
  const value = raw === undefined ? null : fault.secret ? '***' : shown(raw)
  const where = place === null ? '' : ` (${place})`
  const what = subject === 'value' && value !== null ? `: ${quoted(raw, value)} ${why}` : ` ${why}`
  const meant = nearest === null ? '' : `: did you mean \`${nearest}\`?`
  const instead = accepted === null ? '' : ` Accepted: ${accepted}.`
  const text = oneLine(`\`${setting}\`${where}${what}${meant || '.'}${instead}`)
  return { setting, value, accepted, nearest, text }
}

/** Hides every secret that found its way into another setting's value. */
export function redact(problem: SettingProblem, secrets: readonly string[]): SettingProblem {
  const hide = (text: string) => secrets.reduce((rest, secret) => rest.replaceAll(secret, '***'), text)
  const { setting, value, nearest, text } = problem
  return {
    ...problem,
    setting: hide(setting),
    value: value && hide(value),
    nearest: nearest && hide(nearest),
    text: hide(text),
  }
}

const longestShown = 80

function shown(raw: Raw): string {
  if (typeof raw !== 'string') return Array.isArray(raw) ? 'a list' : 'a map'
  const text = oneLine(withoutUserInfo(raw))
  return text.length > longestShown ? `${text.slice(0, longestShown)}…` : text
}

const quoted = (raw: Raw | undefined, value: string) =>
  typeof raw !== 'string' && value !== '***' ? value : value === '' ? 'an empty text' : `\`${value}\``

/** Also keeps a value from speaking to the terminal or to the runner. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
const oneLine = (text: string) => text.replaceAll(/[\s\u0000-\u001f\u007f]+/g, ' ')
