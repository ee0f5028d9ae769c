import { excerpt } from './wording.ts'

/** Why no answer came, short and for people; the host and port are in it where they are not obvious. */
export const explainFailure = (error: unknown): string => {
  // One error for each address of the name that was tried.
  if (error instanceof AggregateError) return [...new Set(error.errors.map(explainFailure))].join(', ')
  if (!(error instanceof Error)) return excerpt(String(error))
  const { code, ...where } = error as ConnectionError
  if (code === undefined) return excerpt(error.message)
  const known = reasons[code] ?? tlsReasons[code]
  if (known !== undefined) return `${known}${addressOf(where)}`
  if (code.startsWith('HPE_')) return `the answer is not valid HTTP (${code}); does the port speak https?`
  return `${excerpt(error.message)} (${code})`
}

interface ConnectionError extends Error {
  readonly code?: string
  readonly address?: string
  readonly port?: number
  readonly hostname?: string
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection closed before an answer',
  EPIPE: 'connection closed before an answer',
  ERR_STREAM_PREMATURE_CLOSE: 'connection closed before an answer',
  ETIMEDOUT: 'no connection in time',
  EADDRNOTAVAIL: 'no route to the host',
  EAFNOSUPPORT: 'no route to the host',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'no route to the network',
  ENOTFOUND: 'the name does not resolve',
  EAI_AGAIN: 'the name server does not answer',
}

const trustIt = 'set NODE_EXTRA_CA_CERTS in env to a file with its CA, or use http'

/** https://nodejs.org/api/tls.html#x509-certificate-error-codes */
const tlsReasons: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: `the certificate is self-signed (DEPTH_ZERO_SELF_SIGNED_CERT): ${trustIt}`,
  SELF_SIGNED_CERT_IN_CHAIN: `the CA of the certificate is not trusted (SELF_SIGNED_CERT_IN_CHAIN): ${trustIt}`,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: `the CA of the certificate is not trusted (UNABLE_TO_GET_ISSUER_CERT_LOCALLY): ${trustIt}`,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    'the server does not send its intermediate certificate (UNABLE_TO_VERIFY_LEAF_SIGNATURE): serve the full chain',
  CERT_HAS_EXPIRED: 'the certificate has expired (CERT_HAS_EXPIRED): renew it',
  CERT_NOT_YET_VALID: 'the certificate is not valid yet (CERT_NOT_YET_VALID): compare the clocks',
  ERR_TLS_CERT_ALTNAME_INVALID:
    'the certificate is for another name (ERR_TLS_CERT_ALTNAME_INVALID): set host to a name it carries',
  ERR_SSL_WRONG_VERSION_NUMBER: 'the port does not speak TLS (ERR_SSL_WRONG_VERSION_NUMBER): use http',
  EPROTO: 'the TLS handshake failed (EPROTO): does the port speak https?',
}

const addressOf = ({ address, port, hostname }: Omit<ConnectionError, 'code'>): string => {
  const host = address ?? hostname
  if (host === undefined) return ''
  return port === undefined ? ` (${host})` : ` (${host.includes(':') ? `[${host}]` : host}:${port})`
}
