/** What the owner of the server writes into their own files of nginx, once the app's are there. */
import { type FlagSettings, fileName, flagFolder, type RoutedService, routedServices } from './names.ts'
import { indent, locationLines, nginxWord } from './snippets.ts'

/** Lines of nginx with a comment to each. */
export function editText(settings: FlagSettings, root = '/etc/nginx'): string {
  const { app } = settings
  const folder = flagFolder(settings.stateDirectory)
  const services = routedServices(settings)
  const own = services.filter(({ listen }) => listen === null)
  return [
    `# If green serves your users today, first: touch ${folder}/green`,
    ...(own.length > 0
      ? [
          `# Into each server block that serves ${app}, those for https too:`,
          includeLine(app, root),
          ...own.flatMap((service) => [
            `# Into the location of ${service.name} instead of its proxy_pass, and with no path behind it:`,
            ...locationLines(app, service),
          ]),
        ]
      : []),
    ...services.flatMap(({ name, listen }) =>
      listen === null
        ? []
        : [`# Into your upstream for ${name} instead of its servers:`, `server 127.0.0.1:${listen};`],
    ),
    '# And then: sudo nginx -t && sudo nginx -s reload',
  ].join('\n')
}

export const includeLine = (app: string, root = '/etc/nginx'): string =>
  `include ${nginxWord(`${root}/snippets/${fileName(app)}`)};`

/** Server blocks to start from, where nginx has none for the app yet. */
export function startingText(settings: FlagSettings, root = '/etc/nginx'): string {
  const { app } = settings
  const services = routedServices(settings)
  const placed = services.map((service) => {
    const url = service.url === null ? null : new URL(service.url)
    return { service, host: url?.hostname ?? '_', path: url?.pathname ?? '/' }
  })
  const lines = services.some(({ listen }) => listen === null) ? [includeLine(app, root)] : []
  return [...new Set(placed.map(({ host }) => host))]
    .map((host) => {
      const here = placed.filter((each) => each.host === host)
      const locations = here.map(({ service, path }) => locationText(app, service, path))
      const head = indent(['listen 80;', `server_name ${host};`, ...lines])
      return `server {\n${[head, ...locations].join('\n')}\n}\n`
    })
    .join('\n')
}

function locationText(app: string, service: RoutedService, path: string): string {
  const [pass, ...rest] = locationLines(app, service)
  const first = service.listen === null ? pass : `proxy_pass http://127.0.0.1:${service.listen};`
  return `    location ${nginxWord(path)} {\n${indent([first ?? '', ...rest], 8)}\n    }`
}
