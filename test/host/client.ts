/** A client of its own process, to be killed: runs the script in the file it is given. */
import { readFileSync } from 'node:fs'
import { systemClock } from '../../src/clock.ts'
import { localConnection } from '../../src/host/local-connection.ts'

const [file = ''] = process.argv.slice(2)
const signal = new AbortController().signal
await localConnection(process.env).run(readFileSync(file, 'utf8'), {
  signal,
  clock: systemClock,
  timeout: 60_000,
})
