/** What a script says with `failed KIND`, its path and its detail, as errors that name the next command. */
import { ChangeFailed, TargetUnreachable } from '../targets/target.ts'
import { quote } from './script.ts'

const packages =
  'install util-linux (apt-get install util-linux, apk add util-linux flock, dnf install util-linux) on it'

/** For a script that ended with another code than 0. */
export function raiseFailure(stdout: string, host: string): void {
  const failed = /(?:^|\n)failed (\w+)\n(.*)\n([\s\S]*)$/.exec(stdout)
  if (!failed) return
  const [, kind = '', path = '', detail = ''] = failed
  throw failure({ kind, path, detail: detail.trim(), host })
}

function failure({
  kind,
  path,
  detail,
  host,
}: {
  kind: string
  path: string
  detail: string
  host: string
}): Error {
  const because = detail === '' ? '' : `: ${detail}`
  const at = `${path} on ${host}`
  switch (kind) {
    case 'directory':
      return new TargetUnreachable(
        `${at} cannot be used${because}. Nothing was changed. Look with: ls -ld ${quote(path)}; id; mount`,
      )
    case 'write':
      return new ChangeFailed(
        `${at} could not be written${because}. The old content is whole. Look with: df -h ${quote(path)}; df -i ${quote(path)}`,
      )
    case 'garbage':
      return new ChangeFailed(
        `${at} is damaged: found ${JSON.stringify(detail)}. It is not taken for a free lease. When no deployment is running: ` +
          repair(path),
      )
    case 'fence':
      return new ChangeFailed(
        `${at} is missing, while the ledger holds a document. When no deployment is running: ${repair(path)}`,
      )
    case 'busy':
      return new ChangeFailed(`${at} has been locked for 10 s. Who holds it: fuser -v ${quote(path)}`)
    case 'change':
      return new ChangeFailed(
        `A change that began before is still running${detail === '' ? '' : ` (process group ${detail.split(' ')[0]})`}, ` +
          `and was waited for: ${at} is locked. Who holds it: fuser -v ${quote(path)}`,
      )
    case 'group':
      return new ChangeFailed(
        `Process group ${detail} of an earlier change could not be ended, so nothing was begun. On ${host}: ` +
          `ps -o pid,pgid,user,stat,args -e | grep -w ${detail}; kill -KILL -- -${detail}`,
      )
    case 'flock':
      return new ChangeFailed(`The command "flock" does not work on ${host}: ${packages}.`)
    default:
      return new ChangeFailed(`${at}: ${kind}${because}`)
  }
}

/** A fence must never go back; the seconds since 1970 are more than any fence has counted to. */
const repair = (path: string) => (path.endsWith('/fence') ? `date +%s >${quote(path)}` : `rm ${quote(path)}`)

/** The end of what a command said, for an error message. */
export function lastWords(stderr: string): string {
  const text = stderr.trimEnd()
  return text === '' ? '' : ` It said last:\n${text.slice(-2000)}`
}
