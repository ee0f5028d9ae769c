/**
 * One copy of the app as a process, set up by its environment: PORT, COLOR, VERSION, BOOT (milliseconds before it listens),
 * HEALTH, PUBLIC and SLOW as in a Release.
 */
import { createServer } from 'node:http'
import { app, closeGracefully, type Release } from './app.ts'

const { PORT, COLOR, VERSION = 'v1', BOOT = '0', HEALTH = 'ok', PUBLIC = 'ok', SLOW = '0' } = process.env

const server = createServer(
  app({
    color: COLOR as Release['color'],
    version: VERSION,
    health: HEALTH as Release['health'],
    public: PUBLIC as Release['public'],
    slow: Number(SLOW),
  }),
)
// nginx keeps idle connections for 2 s; closing them first would race with a request that is being sent.
server.keepAliveTimeout = 10_000

const booted = setTimeout(() => {
  server.listen(Number(PORT), '127.0.0.1', () => console.log(`${COLOR} ${VERSION} listens on ${PORT}`))
}, Number(BOOT))

process.on('SIGTERM', async () => {
  clearTimeout(booted)
  await closeGracefully(server)
  process.exit(0)
})
