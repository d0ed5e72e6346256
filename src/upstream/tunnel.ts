import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import type { Socket } from 'node:net'

/** Where a tunnel leads. */
export interface TunnelTarget {
  /** An address of IPv6 without its brackets. */
  readonly hostname: string
  readonly port: string
  readonly protocol: string
}

/**
 * Opens a tunnel through a proxy (`CONNECT`, RFC 9110 §9.3.6). The proxy is told user and password of its URL. Rejects
 * where there is none in time, in milliseconds.
 */
export function openTunnel(proxy: URL, target: TunnelTarget, timeout: number): Promise<Socket> {
  const { hostname, port, protocol } = target
  const host = hostname.includes(':') ? `[${hostname}]` : hostname
  const authority = `${host}:${port || (protocol === 'https:' ? '443' : '80')}`
  const credentials = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`
  const authorization = `Basic ${Buffer.from(credentials).toString('base64')}`
  const send = proxy.protocol === 'https:' ? requestHttps : requestHttp
  return new Promise((resolve, reject) => {
    const request = send({
      host: proxy.hostname.replace(/^\[(.*)\]$/, '$1'),
      port: proxy.port,
      method: 'CONNECT',
      path: authority,
      headers: { host: authority, ...(proxy.username && { 'proxy-authorization': authorization }) },
      agent: false,
    })
    // Node's own `timeout` begins anew with each byte.
    const late = setTimeout(() => request.destroy(new Error('the proxy opened no tunnel in time')), timeout)
    request
      .once('connect', ({ statusCode = 0 }, socket: Socket) => {
        if (statusCode >= 200 && statusCode < 300) resolve(socket)
        else {
          socket.destroy()
          reject(new Error(`the proxy refused the tunnel with ${statusCode}`))
        }
      })
      .once('error', reject)
      .once('close', () => clearTimeout(late))
      .end()
  })
}
