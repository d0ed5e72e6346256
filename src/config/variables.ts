import type { Api } from '../document/api.ts'
import { listApiVariables, type VariableDescription } from './api-variables.ts'

/**
 * Lists the variables that are the same for every API, with their defaults and purposes. Those of an API follow from its
 * document. docs/configuration.md is tested against both.
 */
export const variables = {
  REST_PORT: { default: '8080', description: 'Port of the REST server', isHttpOnly: true },
  MCP_PORT: { default: '9090', description: 'Port of the MCP server', isHttpOnly: true },
  CONTROL_PORT: { default: '9091', description: 'Port of the health checks and metrics', isHttpOnly: true },
  CONTROL_HOST: {
    default: '127.0.0.1',
    description: 'Address of the control port, which has no authentication',
    isHttpOnly: true,
  },
  HOST: { default: '127.0.0.1', description: 'Address of both servers', isHttpOnly: true },
  ALLOWED_HOSTS: {
    default: '',
    description:
      'More names allowed in the Host header, comma-separated, `*.example.org` for all below; loopback names always are',
    isHttpOnly: true,
  },
  ALLOWED_ORIGINS: {
    default: '',
    description: 'More web origins allowed, comma-separated; loopback origins always are',
    isHttpOnly: true,
  },
  GATEWAY_KEYS_FILE: {
    default: '',
    description: 'File of gateway keys, one a line, as `calgate key` writes them',
    isHttpOnly: true,
  },
  OAUTH_ISSUER: {
    default: '',
    description: 'Issuer of accepted access tokens (JWT); needs the next two',
    isHttpOnly: true,
  },
  OAUTH_JWKS_URL: { default: '', description: 'URL of the public keys of that issuer', isHttpOnly: true },
  OAUTH_AUDIENCE: {
    default: '',
    description: 'URL of the MCP endpoint as clients use it; the audience of accepted tokens',
    isHttpOnly: true,
  },
  MCP_TOKENS: {
    default: '',
    description:
      "`reveal` or `withhold` users' tokens on MCP; by default they are redacted where credentials are configured",
  },
  MCP_TOOLS: {
    default: 'all',
    description:
      '`all` offers each operation as a tool; `search` offers three that search, describe and call them',
  },
  ALLOW_DELETE: {
    default: 'true',
    description: '`false` refuses every call with the method DELETE and removes its tool',
  },
  CONFIRM_DELETE: {
    default: 'false',
    description:
      '`true` requires a confirmation of each call with the method DELETE on MCP, by a person or an argument',
  },
  MCP_DELETE_LIMIT: {
    default: '10/min',
    description: 'Calls of each client with the method DELETE on MCP: a number per s, min or h, or `off`',
  },
  ALLOW_INSECURE_UPSTREAM: {
    default: 'false',
    description: '`true` allows an `http` base URL that is not a loopback address',
  },
  BODY_LIMIT: {
    default: '102400',
    description: 'Bytes of a request body on REST: JSON, forms and texts',
    isHttpOnly: true,
  },
  FILE_LIMIT: {
    default: '10485760',
    description: 'Bytes of a request body on REST: multipart forms, and bytes, which stream',
    isHttpOnly: true,
  },
  MCP_MESSAGE_LIMIT: {
    default: '131072',
    description: 'Bytes of a message on MCP, files in Base64 included',
  },
  UPSTREAM_TIMEOUT_MS: {
    default: '30000',
    description:
      'Milliseconds for a complete response of the API; for one that streams until it begins, and between two parts',
  },
  DRAIN_DELAY: {
    default: '0',
    description:
      'Seconds after SIGTERM in which both servers still accept connections while readiness says no',
    isHttpOnly: true,
  },
  RATE_LIMIT: {
    default: 'off',
    description:
      'Calls of each client, both servers together: `off`, or a number per s, min or h such as 600/min',
    isHttpOnly: true,
  },
  DRIFT_SAMPLE: {
    default: '1/10',
    description: 'Share of responses compared with the document, at most five a second: `off` or `1/N`',
  },
  HTTPS_PROXY: { default: '', description: 'Proxy by which an API with an `https` base URL is reached' },
  HTTP_PROXY: { default: '', description: 'The same for a base URL of plain `http`' },
  NO_PROXY: {
    default: '',
    description:
      'Hosts that are reached directly, comma-separated, each with all names below it; `*` for all',
  },
  KEEP_ALIVE_TIMEOUT: {
    default: '72',
    description:
      'Seconds that a connection may stay open without a request; more than the load balancer keeps it',
    isHttpOnly: true,
  },
  WRITE_TIMEOUT: {
    default: '10',
    description:
      'Seconds after which a client that reads nothing of its response is disconnected; 10 for a response that streams',
    isHttpOnly: true,
  },
  TLS_CERT_FILE: {
    default: '',
    description:
      'File of a PEM certificate and its chain, by which REST and MCP speak TLS, and the control port does not; needs the next one',
    isHttpOnly: true,
  },
  TLS_KEY_FILE: { default: '', description: 'File of its private key', isHttpOnly: true },
  OTEL_EXPORTER_OTLP_ENDPOINT: {
    default: '',
    description: 'Base URL of an OTLP receiver over HTTP, which traces and metrics are sent to',
  },
  REDIS_URL: {
    default: '',
    description: 'Redis or Valkey that replicas share their state in, `redis://` or `rediss://`',
  },
  REDIS_URL_FILE: { default: '', description: 'File that holds it, instead of `REDIS_URL`' },
  REDIS_CA_FILE: {
    default: '',
    description: 'File of PEM certificates to trust for Redis, instead of the well-known ones',
  },
  STATE_KEY_FILE: {
    default: '',
    description:
      'File of a secret of 32 to 512 characters without spaces, the same for all replicas; needed with `REDIS_URL`',
  },
  LIMITS_WITHOUT_REDIS: {
    default: 'local',
    description:
      'While Redis cannot be reached: `local` counts calls in each replica, `refuse` returns 503 to limited calls',
  },
  PAGES: {
    default: 'on',
    description: '`off` takes away the pages that browsers get at `/` of both servers',
    isHttpOnly: true,
  },
  LOG_LEVEL: { default: 'info', description: 'One of trace, debug, info, warn, error, fatal, silent' },
} as const

/** Lists every variable that a gateway for an API reads. */
export function listVariables(api: Api): Readonly<Record<string, VariableDescription>> {
  return { ...listApiVariables(api), ...variables }
}
