/** A time in milliseconds, for people. */
export function elapsed(time: number): string {
  if (time < 1000) return `${Math.floor(time)} ms`
  if (time < 10_000) return `${(Math.floor(time / 100) / 10).toFixed(1)} s`
  const seconds = Math.round(time / 1000)
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  return minutes < 60
    ? `${minutes} min ${seconds % 60} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}
