/**
 * For owners who must not touch `proxy_pass`: a server on loopback that does nothing but switch. It changes nothing of what
 * passes; headers for nginx itself are for the owner's server in front of it.
 * https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_ignore_headers
 */
import { colorVariable, nginxName } from './names.ts'

export interface SwitchServer {
  readonly app: string
  readonly upstream: string
  readonly port: number
  /** What every server of the app begins with. */
  readonly flag: string
}

export function switchServer({ app, upstream, port, flag }: SwitchServer): string {
  return `server {
    listen 127.0.0.1:${port};
    access_log off;
    underscores_in_headers on;
    ignore_invalid_headers off;
    large_client_header_buffers 8 64k;
    client_max_body_size 0;
    keepalive_timeout 1h;
    keepalive_requests 1000000;
${flag}
    location / {
        proxy_pass http://${upstream}_${colorVariable(app)};
        proxy_http_version 1.1;
        proxy_set_header Host $http_host;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection $${nginxName(app)}_connection;
        proxy_set_header TE $http_te;
        proxy_request_buffering off;
        proxy_buffering off;
        proxy_redirect off;
        proxy_next_upstream off;
        proxy_read_timeout 1d;
        proxy_send_timeout 1d;
${passedHeaders.map((header) => `        proxy_pass_header ${header};`).join('\n')}
        proxy_ignore_headers ${ignoredHeaders.join(' ')};
    }
}`
}

const passedHeaders = [
  'Server',
  'Date',
  'X-Accel-Redirect',
  'X-Accel-Buffering',
  'X-Accel-Limit-Rate',
  'X-Accel-Charset',
  'X-Accel-Expires',
]
const ignoredHeaders = [
  'X-Accel-Redirect',
  'X-Accel-Limit-Rate',
  'X-Accel-Buffering',
  'X-Accel-Charset',
  'X-Accel-Expires',
  'Expires',
  'Cache-Control',
  'Set-Cookie',
  'Vary',
]
