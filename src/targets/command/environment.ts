/** What a user's command is told in its environment, and what it may say back in the file $BLUE_GREEN_OUTPUT. */
import { z } from 'zod'
import type { ServiceIntent } from '../intent.ts'
import { type Color, type Environment, environmentName, type Release } from '../target.ts'

export const deployedShape = z.object({
  version: z.string(),
  images: z.record(z.string(), z.string().nullable()),
})
/** What was deployed to a color last. */
export type Deployed = z.infer<typeof deployedShape>

export const stateShape = z.record(z.string(), z.string())
/** What commands about a color said to be handed on. */
export type State = Readonly<Record<string, string>>

export interface ColorRecord {
  readonly deployed: Deployed | null
  readonly state: State
}

export const deployedFrom = ({ version, images }: Release): Deployed => ({ version, images: { ...images } })

export interface Told {
  readonly app: string
  readonly color: Color
  readonly services: readonly ServiceIntent[]
  readonly record: ColorRecord
}

export function environmentOf({ app, color, services, record }: Told): Environment {
  const images = record.deployed?.images ?? {}
  const [only, ...others] = services
  return {
    BLUE_GREEN_APP: app,
    BLUE_GREEN_COLOR: color,
    BLUE_GREEN_VERSION: record.deployed?.version ?? '',
    ...(only && others.length === 0 ? { BLUE_GREEN_IMAGE: images[only.name] ?? '' } : {}),
    ...Object.fromEntries(
      services.map(({ name }) => [`BLUE_GREEN_IMAGE_${environmentName(name)}`, images[name] ?? '']),
    ),
    ...Object.fromEntries(
      Object.entries(record.state).map(([key, value]) => [`BLUE_GREEN_STATE_${environmentName(key)}`, value]),
    ),
  }
}

export interface Said {
  readonly state: State
  /** One sentence for each line that cannot be kept. */
  readonly refused: readonly string[]
}

const valueLimit = 1024

/** Reads `key=value` lines. A value that is or holds a secret never gets as far as the target's disk through us. */
export function parseSaid(text: string, secrets: readonly string[]): Said {
  const state: Record<string, string> = {}
  const refused: string[] = []
  for (const line of text.split('\n').filter((each) => each !== '')) {
    const [, key, value] = /^([a-z][a-z0-9-]*)=(.*)$/.exec(line) ?? []
    if (key === undefined || value === undefined) {
      refused.push('A line is not of the form key=value, with a key of small letters, digits and "-".')
    } else if (Buffer.byteLength(value) > valueLimit) {
      refused.push(`The value of "${key}" is longer than ${valueLimit} bytes.`)
    } else if (secrets.some((secret) => holds(value, secret))) {
      refused.push(`The value of "${key}" is a secret, and secrets are not kept at the target.`)
    } else {
      state[key] = value
    }
  }
  return { state, refused }
}

/** Very short secrets turn up in innocent values by chance. */
const holds = (value: string, secret: string) =>
  secret.length < 4 ? value === secret : value.includes(secret)
