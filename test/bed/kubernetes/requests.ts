/** What the API server was asked for: https://kubernetes.io/docs/tasks/debug/debug-cluster/audit/ */
import { readFile } from 'node:fs/promises'
import { z } from 'zod'

const event = z.object({
  auditID: z.string(),
  verb: z.string(),
  requestURI: z.string(),
  userAgent: z.string().default(''),
})

/** Those of the action. */
export async function requestsIn(
  log: string,
  { name }: { readonly name: string },
): Promise<readonly string[]> {
  const lines = (await readFile(log, 'utf8')).split('\n').filter((line) => line !== '')
  const events = lines.map((line) => event.parse(JSON.parse(line)))
  // A watch is written once more when it ends.
  const asked = new Map(events.map((each) => [each.auditID, each]))
  return [...asked.values()]
    .filter(
      ({ userAgent, requestURI }) => userAgent.startsWith('blue-green-action') && requestURI.includes(name),
    )
    .map(({ verb, requestURI }) => `${verb} ${requestURI}`)
}
