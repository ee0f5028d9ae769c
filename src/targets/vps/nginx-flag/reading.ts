/** nginx's files as they are on the host, as far as whoever deploys may read them. */
import { resolve } from 'node:path'
import { type ChangePlace, lost } from '../../../host/change.ts'
import { quote, script } from '../../../host/script.ts'
import type { Files } from './configuration.ts'

export interface FilesRead extends Files {
  /** Every file that nginx includes was there to be read. */
  readonly complete: boolean
}

/** Follows `include` from nginx.conf; what nginx reads besides, such as keys, is not touched. */
export const filesScript = (root: string): string =>
  script(`cd ${quote(root)} 2>/dev/null || exit 0
[ -e nginx.conf ] || exit 0
set -- nginx.conf
seen=' '
while [ $# -gt 0 ]; do
  file=$1
  shift
  case $seen in *" $file "*) continue ;; esac
  seen="$seen$file "
  [ -e "$file" ] || continue
  [ -r "$file" ] || { printf 'unreadable %s\\n' "$file"; continue; }
  printf 'file %s %s\\n' "$(base64 <"$file" | tr -d '\\n')" "$file"
  set -- "$@" $(tr '{};' '\\n\\n\\n' <"$file" | sed -n 's/^[[:space:]]*include[[:space:]]\\{1,\\}//p' | tr -d "\\"'")
done
printf 'end\\n'`)

export function parseFiles(stdout: string, root: string): FilesRead {
  const lines = stdout.split('\n')
  const texts = lines.flatMap((line): readonly [string, string][] => {
    const [kind, base64 = '', ...path] = line.split(' ')
    return kind === 'file'
      ? [[resolve(root, path.join(' ')), Buffer.from(base64, 'base64').toString('utf8')]]
      : []
  })
  const complete = lines.includes('end') && !lines.some((line) => line.startsWith('unreadable '))
  return { texts: new Map(texts), root, complete }
}

const timeout = 20_000

export async function readFiles({ connection, surroundings }: ChangePlace, root: string): Promise<FilesRead> {
  const { signal, clock } = surroundings
  const finish = await connection.run(filesScript(root), { signal, clock, timeout })
  if (finish.kind === 'lost') throw lost("reading nginx's files", connection, finish.detail)
  return parseFiles(finish.stdout, root)
}
