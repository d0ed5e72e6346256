import { isKeyPair } from './certificates.ts'
import type { EgressProxies } from './egress-proxy.ts'
import type { EnvironmentReader } from './environment.ts'
import { isBaseUrl, isProxyUrl, isRedisUrl } from './urls.ts'
import type { variables } from './variables.ts'

/** A certificate with its chain, and its private key, in PEM. */
export interface TlsConfig {
  readonly cert: string
  readonly key: string
}

/** Where replicas share their state. */
export interface SharedStateConfig {
  /** URL of Redis or Valkey. */
  readonly url: string
  /** PEM certificates of its own authority. */
  readonly ca: string | undefined
  /** The secret by which replicas name and encrypt what they share. */
  readonly secret: string
  /** While Redis cannot be reached, each replica counts for the limits alone, or refuses limited calls. */
  readonly limitsWithout: 'local' | 'refuse'
}

/** Reads the variables that are the same for every API. */
export type FixedReader = EnvironmentReader<keyof typeof variables>

/** Reads the settings of shared state. It needs a secret of the operator's: every replica names and encrypts by it. */
export function readSharedState(reader: FixedReader): SharedStateConfig | undefined {
  const url = reader.secret('REDIS_URL', { test: isRedisUrl }, 'a redis:// or rediss:// URL')
  const secret = reader.file('STATE_KEY_FILE', /^\S{32,512}$/, '32 to 512 characters without spaces')
  const ca = reader.certificates('REDIS_CA_FILE')
  const limitsWithout = reader.choice('LIMITS_WITHOUT_REDIS', ['local', 'refuse']) ?? 'local'
  if (url === undefined) return undefined
  reader.expect('STATE_KEY_FILE', secret !== undefined, 'set beside REDIS_URL, the same for all replicas')
  return { url, ca, secret: secret ?? '', limitsWithout }
}

/** Reads the base URL of the receiver of telemetry. */
export function readTelemetry(reader: FixedReader): string | undefined {
  const url = reader.text('OTEL_EXPORTER_OTLP_ENDPOINT')
  reader.expect('OTEL_EXPORTER_OTLP_ENDPOINT', url === '' || isBaseUrl(url), 'an http or https URL')
  return url === '' ? undefined : url
}

/** Reads the proxies by which APIs are reached. */
export function readProxies(reader: FixedReader): EgressProxies {
  const read = (name: 'HTTP_PROXY' | 'HTTPS_PROXY') => {
    const url = reader.text(name)
    reader.expect(name, url === '' || isProxyUrl(url), 'an http or https URL of a proxy')
    return url === '' ? undefined : url
  }
  return { http: read('HTTP_PROXY'), https: read('HTTPS_PROXY'), exceptions: reader.list('NO_PROXY') }
}

/** Reads the certificate of both servers; undefined where they speak plain HTTP. */
export function readTls(reader: FixedReader): TlsConfig | undefined {
  const cert = reader.certificates('TLS_CERT_FILE')
  const key = reader.file('TLS_KEY_FILE', /-----BEGIN [A-Z ]*PRIVATE KEY-----/, 'a private key in PEM')
  if (cert === undefined && key === undefined) return undefined
  reader.expect('TLS_KEY_FILE', isKeyPair(cert, key), 'the key of the certificate in TLS_CERT_FILE')
  return { cert: cert ?? '', key: key ?? '' }
}
