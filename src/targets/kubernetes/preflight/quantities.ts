/** Amounts as Kubernetes writes them: https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/ */

const scales: Readonly<Record<string, number>> = {
  '': 1,
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
}

/** null: it is none. */
export function parseQuantity(text: string): number | null {
  const [, number, suffix = ''] =
    /^([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)([numkMGTPE]|[KMGTPE]i)?$/.exec(text) ?? []
  const scale = scales[suffix]
  return number === undefined || scale === undefined ? null : Number(number) * scale
}

/** In the unit of an example, so that people can compare them. */
export function formatQuantity(amount: number, example: string): string {
  const suffix = /[A-Za-z]*$/.exec(example)?.[0] ?? ''
  const scale = scales[suffix] ?? 1
  return `${Number((amount / scale).toFixed(3))}${scales[suffix] === undefined ? '' : suffix}`
}
