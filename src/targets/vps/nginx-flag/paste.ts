/** What a person pastes on the server, once for each app and again whenever a port has changed. */
import { quote } from '../../../host/script.ts'
import { shellWord } from './flag.ts'
import { type FlagSettings, fileName, flagFolder, routedServices } from './names.ts'
import { httpText, serverText } from './snippets.ts'

export interface Paste {
  readonly settings: FlagSettings
  /** The user who deploys: the flag is theirs. */
  readonly owner: string
  /** Where nginx.conf is. */
  readonly root?: string
}

/**
 * One block for somebody with sudo. It may be pasted again, and leaves nginx as it was when nginx refuses what it wrote, be it
 * for another app whose name looks the same to nginx.
 */
export function pasteText({ settings, owner, root = '/etc/nginx' }: Paste): string {
  const { app } = settings
  const folder = flagFolder(settings.stateDirectory)
  const services = routedServices(settings)
  const included = services.some(({ listen }) => listen === null)
  const files = included ? '"$http" "$server"' : '"$http"'
  return `sudo sh -eu <<'BLUE_GREEN'
umask 022
# The flag: while the file green is there, green is active. Whoever deploys moves it, and nginx reads it.
install -d -o ${shellWord(owner)} ${shellWord(folder)} ${shellWord(`${folder}/off`)}
cd ${shellWord(folder)}
[ -e green ] || [ -e off/green ] || touch off/green
[ -e ready ] || touch ready

# What nginx is told of ${app}. Unless nginx accepts all of it, everything stays as it was.
cd ${shellWord(root)}
http=conf.d/${fileName(app)}
[ ! -d http.d ] || http=http.d/${fileName(app)}
server=snippets/${fileName(app)}
mkdir -p "\${http%/*}" snippets
keep() { rm -f "$1.old"; [ ! -e "$1" ] || cp -p "$1" "$1.old"; }
undo() { if [ -e "$1.old" ]; then mv -f "$1.old" "$1"; else rm -f "$1"; fi; }
for file in ${files}; do keep "$file"; done
trap 'for file in ${files}; do undo "$file"; done; echo "nginx is as it was before." >&2' EXIT
cat >"$http" <<'NGINX'
${httpText(settings)}NGINX
${included ? `cat >"$server" <<'NGINX'\n${serverText(settings)}NGINX\n` : ''}nginx -t
nginx -T 2>/dev/null | grep -q ${quote(`^upstream ${services[0]?.upstream ?? ''}_blue `)} || {
  echo "nginx.conf does not include $PWD/\${http%/*}/*.conf in its http block: add that, and paste this again." >&2
  exit 1
}
trap - EXIT
for file in ${files}; do rm -f "$file.old"; done
nginx -s reload || echo "nginx does not run yet: start it." >&2
BLUE_GREEN`
}
