import type { Setting } from '../../src/settings/catalog/setting.ts'

/** One sentence with the default inside, and honest about what is to come. */
export function describe(setting: Setting): string {
  const usual = setting.required ? 'required' : defaultOf(setting)
  const label = usual !== null && /\brequired\b/.test(usual) ? '' : 'default: '
  const note = usual === null ? '' : ` (${label}${usual})`
  const sentence = `${setting.description}${note}.`
  return setting.built ? sentence : `Not available yet: ${goingOn(sentence)}`
}

/** Names such as ECS keep their capitals. */
const goingOn = (sentence: string) => sentence.replace(/^[A-Z](?=[a-z])/, (letter) => letter.toLowerCase())

/** For people; null where there is none. */
export function defaultOf(setting: Setting): string | null {
  if (setting.required) return null
  return setting.default === null ? (setting.defaultNote ?? null) : `\`${setting.default}\``
}
