import type { Api } from '../document/api.ts'
import { listApiVariables, type VariableDescription } from './api-variables.ts'

/**
 * Lists the variables that are the same for every API, with their defaults and purposes. Those of an API follow from its
 * document. docs/configuration.md is tested against both.
 */
export const variables = {
  REST_PORT: { default: '8080', description: 'Port of the REST door' },
  MCP_PORT: { default: '9090', description: 'Port of the MCP server' },
  CONTROL_PORT: { default: '9091', description: 'Port of the health checks and metrics' },
  CONTROL_HOST: {
    default: '127.0.0.1',
    description: 'Address that port listens on; it asks nobody who they are',
  },
  HOST: { default: '127.0.0.1', description: 'Address both ports listen on' },
  ALLOWED_HOSTS: {
    default: '',
    description:
      'Further names allowed in the Host header, comma-separated, `*.example.org` for all below; loopback names always are',
  },
  ALLOWED_ORIGINS: {
    default: '',
    description: 'Further web origins that are not refused, comma-separated; loopback origins never are',
  },
  GATEWAY_KEYS_FILE: {
    default: '',
    description: 'File of the keys that let a caller in, a line each, as `calgate key` writes them',
  },
  OAUTH_ISSUER: {
    default: '',
    description: 'Issuer of the access tokens (JWT) that let a caller in; goes with the next two',
  },
  OAUTH_JWKS_URL: { default: '', description: 'Where the keys of that issuer are published' },
  OAUTH_AUDIENCE: {
    default: '',
    description: 'URL of the MCP endpoint as callers know it; access tokens must name it as their audience',
  },
  MCP_TOKENS: {
    default: '',
    description:
      "`reveal` or `withhold` users' tokens on MCP; by default they are redacted where credentials are configured",
  },
  ALLOW_DELETE: { default: 'true', description: '`false` refuses every deletion and takes its tool away' },
  CONFIRM_DELETE: {
    default: 'false',
    description: '`true` has a person confirm each deletion on MCP, or else an argument',
  },
  MCP_DELETE_LIMIT: {
    default: '10/min',
    description: 'Deletions that one caller may make on MCP: a number per s, min or h, or `off`',
  },
  ALLOW_INSECURE_UPSTREAM: {
    default: 'false',
    description: '`true` allows an `http` base URL that is not a loopback address',
  },
  UPSTREAM_TIMEOUT_MS: {
    default: '30000',
    description: 'Deadline in milliseconds for a complete upstream answer',
  },
  DRAIN_DELAY: {
    default: '0',
    description:
      'Seconds after SIGTERM in which both servers still accept connections while readiness says no',
  },
  RATE_LIMIT: {
    default: 'off',
    description:
      'Calls a caller may make, both ports together: `off`, or a number per s, min or h such as 600/min',
  },
  DRIFT_SAMPLE: {
    default: '1/10',
    description:
      'Answers that are held against the document afterwards, five a second at most: `off` or `1/N`',
  },
  LOG_LEVEL: { default: 'info', description: 'One of trace, debug, info, warn, error, fatal, silent' },
} as const

/** Lists every variable that a gateway for an API reads. */
export function listVariables(api: Api): Readonly<Record<string, VariableDescription>> {
  return { ...listApiVariables(api), ...variables }
}
