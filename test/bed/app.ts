/** The app that the bed deploys: what one release answers, whether it runs as a process or inside the color host. */
import type { RequestListener, Server, ServerResponse } from 'node:http'
import type { Color } from '../../src/targets/target.ts'

export interface Release {
  readonly color: Color
  readonly version: string
  /** `never`: the health check gets no answer at all. */
  readonly health: 'ok' | 'bad' | 'never'
  /** What users see although the health check passes: everything fails, or one path alone. */
  readonly public: 'ok' | 'bad' | `/${string}`
  /** Milliseconds added to each answer. */
  readonly slow: number
}

export type Behavior = Omit<Release, 'color' | 'version'>

/** Requests through the bed's nginx carry this header; a check of the idle color does not. */
export const publicHeader = 'x-forwarded-for'

export const app =
  (release: Release): RequestListener =>
  (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://app')
    const isPublic = request.headers[publicHeader] !== undefined
    response.setHeader('X-Color', release.color)
    response.setHeader('X-Version', release.version)
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const delay = release.slow + (pathname === '/slow' ? Number(searchParams.get('ms')) : 0)
      const send = () => {
        if (isPublic && (release.public === 'bad' || release.public === pathname))
          reply(response, 500, 'broken\n')
        else if (request.method === 'POST') reply(response, 200, Buffer.concat(chunks))
        else if (pathname === '/health') answerHealth(release, response)
        else if (pathname === '/version') reply(response, 200, `${release.version}\n`)
        else reply(response, 200, `${release.color} ${release.version}\n`)
      }
      if (delay > 0) setTimeout(send, delay)
      else send()
    })
  }

function answerHealth(release: Release, response: ServerResponse): void {
  if (release.health === 'never') return
  response.setHeader('Content-Type', 'application/json')
  const { health: status, version, color } = release
  reply(response, status === 'ok' ? 200 : 503, JSON.stringify({ status, version, color }))
}

function reply(response: ServerResponse, status: number, body: string | Buffer): void {
  response.statusCode = status
  response.end(body)
}

/** Stops accepting, closes idle connections, and resolves when the requests in flight are answered. */
export function closeGracefully(server: Server): Promise<void> {
  const sweep = setInterval(() => server.closeIdleConnections(), 10)
  return new Promise((resolve) => {
    server.close(() => {
      clearInterval(sweep)
      resolve()
    })
  })
}
