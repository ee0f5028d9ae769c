/** What is said of one color of a Deployment, said of the other. */
import { isRecord } from '../../record.ts'
import { type Color, otherColor, type PerColor } from '../../target.ts'

export interface Twins {
  /** Names of the two Deployments. */
  readonly deployment: PerColor<string>
  /** null: every label with such a value stands for the color. */
  readonly selectorKey: string | null
  readonly selectorValue: PerColor<string>
  /** Of the Services that lead to the live one. */
  readonly selectors: readonly Texts[]
}

export type Texts = Readonly<Record<string, string>>

/**
 * Labels, and whatever selects by labels, said of the other color. What stands for the live color stands for the new one then, and
 * the other way round: pods that keep away from the other color still do. Nothing else of the pod is touched.
 */
export function recoloring(
  color: Color,
  { deployment, selectorKey, selectorValue, selectors }: Twins,
  ofPods: Texts,
) {
  const from = otherColor(color)
  const pairs = new Map([
    [from as string, color as string],
    [color, from],
  ])

  const labels = (texts: Texts | undefined): Record<string, string> =>
    Object.fromEntries(Object.entries(texts ?? {}).map(([key, value]) => [key, recolored(key, value)]))

  function byValue(key: string, value: string): string {
    for (const one of [color, from]) {
      if (value === selectorValue[one] && (selectorKey === null || selectorKey === key))
        return selectorValue[otherColor(one)]
    }
    return value.replace(words, (word) => pairs.get(word) ?? word)
  }

  const isTold = Object.entries(ofPods).some(
    ([key, value]) =>
      byValue(key, value) !== value &&
      (selectors.length === 0 || selectors.some((selector) => Object.hasOwn(selector, key))),
  )

  /** The name of a Deployment may be that of the app as well: it stands for the color where no other label that is selected does. */
  function recolored(key: string, value: string): string {
    const said = byValue(key, value)
    for (const one of [color, from]) {
      if (value === deployment[one] && (said !== value || !isTold)) return deployment[otherColor(one)]
    }
    return said
  }

  function selector<Selector>(given: Selector): Selector {
    if (!isRecord(given)) return given
    const { matchLabels, matchExpressions } = given as { matchLabels?: Texts; matchExpressions?: unknown }
    return {
      ...given,
      ...(matchLabels && { matchLabels: labels(matchLabels) }),
      ...(Array.isArray(matchExpressions) && { matchExpressions: matchExpressions.map(expression) }),
    }
  }

  function expression(given: unknown): unknown {
    if (!isRecord(given) || !Array.isArray(given.values)) return given
    return { ...given, values: given.values.map((value) => recolored(String(given.key), String(value))) }
  }

  /** Affinity and spread constraints, wherever they stand. */
  function within(value: unknown, key = ''): unknown {
    if (key === 'labelSelector') return selector(value)
    if (Array.isArray(value)) return value.map((each) => within(each))
    if (!isRecord(value)) return value
    return Object.fromEntries(
      Object.entries(value).map(([name, each]) => [name, unselecting.has(name) ? each : within(each, name)]),
    )
  }

  return { labels, selector, within }
}

const words = /(?<![A-Za-z0-9])(blue|green)(?![A-Za-z0-9])/g

/** In a volume claim a selector chooses volumes, not pods. */
const unselecting: ReadonlySet<string> = new Set([
  'containers',
  'initContainers',
  'ephemeralContainers',
  'volumes',
])
