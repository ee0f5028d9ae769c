/** What the samples of the public URLs prove. */

export interface Evidence {
  readonly url: string
  /** From the baseline (at most 20 s before the switch) to the end of the bake. */
  readonly before: Window
  readonly after: Window
  /** Milliseconds from the switch to the first answer of the new color; null: unknown who answered. */
  readonly firstNewAnswer: number | null
  /** Longest time without a good answer, in milliseconds. */
  readonly longestGap: number
  /** Who answered after the switch, by version or identity header; 'unknown' where neither shows. */
  readonly answeredBy: Readonly<Record<string, number>>
  /** Said in so many words when there is too little to judge. */
  readonly verdict: 'measured' | 'not measured'
}

export interface Window {
  readonly sent: number
  readonly failed: number
  /** 429, or 403 that was seen before the switch too: neither good nor bad. */
  readonly blocked: number
  readonly p50: number | null
  readonly p90: number | null
  readonly p99: number | null
}
