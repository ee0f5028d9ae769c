/** Writes what follows from the settings; `--check` only says which files have drifted from them, and exits with 1. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { generatedFiles } from './generate/files.ts'

const checkOnly = process.argv.includes('--check')

for (const [name, render] of Object.entries(generatedFiles)) {
  const file = new URL(`../${name}`, import.meta.url)
  const now = existsSync(file) ? readFileSync(file, 'utf8') : ''
  const wanted = render(now)
  if (now === wanted) continue
  if (checkOnly) {
    console.error(`${name} has drifted from src/settings: run \`node scripts/generate.ts\` and commit it.`)
    process.exitCode = 1
  } else {
    writeFileSync(file, wanted)
    console.log(`${name} written`)
  }
}
