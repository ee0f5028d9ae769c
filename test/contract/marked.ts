/** Processes of a stand: what its target starts has the folder of the stand in its environment. */
import { readdirSync, readFileSync } from 'node:fs'

export const marker = 'BLUE_GREEN_STAND'

export const processesOf = (folder: string): readonly string[] =>
  readdirSync('/proc').filter((name) => {
    if (!/^\d+$/.test(name)) return false
    try {
      return readFileSync(`/proc/${name}/environ`, 'utf8').split('\0').includes(`${marker}=${folder}`)
    } catch {
      return false
    }
  })
