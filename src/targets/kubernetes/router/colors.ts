/** Which key of a Service's selector names the color, and which color it names. */
import { type Color, otherColor, type PerColor } from '../../target.ts'

export type Labels = Readonly<Record<string, string>>

export interface Scene {
  readonly selector: Labels
  /** What the pods of each color's Deployment are labeled with; null: there is no such Deployment. */
  readonly templates: PerColor<Labels | null>
  /** null: to be found. */
  readonly selectorKey: string | null
  /** For what no Deployment tells. */
  readonly selectorValue: PerColor<string>
}

export interface ColorKey {
  readonly key: string
  readonly values: PerColor<string>
}

export type Reading =
  | (ColorKey & { readonly kind: 'color'; readonly color: Color })
  /** The selector does without the key, and pods of both colors have the rest of it. */
  | (ColorKey & { readonly kind: 'both' })
  | (ColorKey & { readonly kind: 'neither'; readonly value: string })
  /** Several keys might be it. */
  | { readonly kind: 'unclear'; readonly keys: readonly ColorKey[] }
  | { readonly kind: 'uncolored' }

export function readSelector(scene: Scene): Reading {
  const { selector, selectorKey } = scene
  const keys = selectorKey === null ? Object.keys(selector) : [selectorKey]
  const candidates = keys.filter((key) => selector[key] !== undefined).flatMap((key) => candidate(scene, key))
  const named = candidates.filter(({ key, values }) => colorOf(values, selector[key]) !== null)
  const [only, ...more] = choose(scene, named.length > 0 ? named : candidates)
  if (only === undefined) return readWithout(scene)
  if (more.length > 0) return { kind: 'unclear', keys: [only, ...more] }
  return readBy(scene, only)
}

/** With a key that is known to name the color. */
export function readBy(
  { selector }: Pick<Scene, 'selector'>,
  { key, values }: ColorKey,
): Extract<Reading, ColorKey> {
  const value = selector[key]
  if (value === undefined) return { kind: 'both', key, values }
  const color = colorOf(values, value)
  return color === null ? { kind: 'neither', value, key, values } : { kind: 'color', color, key, values }
}

export const colorOf = (values: PerColor<string>, value: string | undefined): Color | null =>
  value === values.blue ? 'blue' : value === values.green ? 'green' : null

/** What else the selector demands and pods with these labels do not have: they would get no traffic. */
export const mismatches = (selector: Labels, key: string | null, labels: Labels): readonly string[] =>
  Object.entries(selector)
    .filter(([name, value]) => name !== key && labels[name] !== value)
    .map(([name, value]) => `${name}=${value}`)

function candidate(scene: Scene, key: string): readonly ColorKey[] {
  const values = valuesOf(scene, key)
  return values === null || values.blue === values.green ? [] : [{ key, values }]
}

function valuesOf(scene: Scene, key: string): PerColor<string> | null {
  const { templates, selector, selectorKey, selectorValue } = scene
  const [blue, green] = [templates.blue?.[key], templates.green?.[key]]
  if (blue !== undefined && green !== undefined) return { blue, green }
  const fallback = selectorKey === null ? null : selectorValue
  if (templates.blue !== null && templates.green !== null) return fallback
  // Where there is no Deployment at all, what the Service says is all there is.
  const isNone = templates.blue === null && templates.green === null
  const known = isNone ? selector[key] : (blue ?? green)
  const values = known === undefined ? null : valuesFrom(known, selectorValue)
  if (values === null) return fallback && { ...fallback, ...(blue && { blue }), ...(green && { green }) }
  const isOurs = isNone || colorOf(values, known) === (blue === undefined ? 'green' : 'blue')
  return isOurs && colorOf(values, selector[key]) !== null ? values : fallback
}

/** Both values from one: by the setting, or because it has the color's name in it. */
function valuesFrom(known: string, selectorValue: PerColor<string>): PerColor<string> | null {
  if (colorOf(selectorValue, known) !== null) return selectorValue
  const [color, ...more] = (['blue', 'green'] as const).filter((one) => wordOf(one).test(known))
  if (color === undefined || more.length > 0) return null
  const other = known.replaceAll(wordOf(color), otherColor(color))
  return color === 'blue' ? { blue: known, green: other } : { blue: other, green: known }
}

const wordOf = (color: Color): RegExp => new RegExp(`(?<![a-z])${color}(?![a-z])`, 'g')

/** With both Deployments there each key that differs counts, since a selector of two colors selects nobody. */
function choose({ templates, selectorValue }: Scene, keys: readonly ColorKey[]): readonly ColorKey[] {
  if (templates.blue !== null && templates.green !== null) return keys
  const exact = keys.filter(({ values }) => isSame(values, selectorValue))
  return exact.length > 0 ? exact : keys
}

const isSame = (one: PerColor<string>, other: PerColor<string>): boolean =>
  one.blue === other.blue && one.green === other.green

function readWithout({ selector, templates, selectorKey, selectorValue }: Scene): Reading {
  const { blue, green } = templates
  const isEmpty = Object.keys(selector).length === 0
  if (isEmpty || blue === null || green === null) return { kind: 'uncolored' }
  const isForBoth = [blue, green].every((labels) => mismatches(selector, null, labels).length === 0)
  if (!isForBoth) return { kind: 'uncolored' }
  const keys = Object.keys(blue).flatMap((key): ColorKey[] => {
    const values = { blue: blue[key] ?? '', green: green[key] ?? '' }
    const isCandidate = values.green !== '' && values.blue !== values.green
    return isCandidate && (selectorKey === null || key === selectorKey) ? [{ key, values }] : []
  })
  const exact = keys.filter(({ values }) => isSame(values, selectorValue))
  const telling = keys.filter(({ values }) => {
    const expected = valuesFrom(values.blue, selectorValue)
    return expected !== null && isSame(values, expected)
  })
  const [only, ...more] = [exact, telling, keys].find(({ length }) => length > 0) ?? []
  if (only === undefined) return { kind: 'uncolored' }
  return more.length > 0 ? { kind: 'unclear', keys: [only, ...more] } : { kind: 'both', ...only }
}
