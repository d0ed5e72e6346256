/**
 * What the contenders use of the packages that only `make bench` installs, so that their types are checked where
 * those are not installed too.
 */
declare module 'express' {
  type Handler = (...args: never[]) => unknown
  interface App {
    use(handler: Handler | readonly Handler[]): App
    post(path: string, handler: Handler): App
    listen(port: number, host: string): unknown
  }
  export default function express(): App
}

declare module 'express-openapi-validator' {
  import type { Handler } from 'express'
  export function middleware(options: {
    apiSpec: string
    validateRequests: boolean
    validateResponses: boolean
  }): readonly Handler[]
}

declare module 'http-proxy-middleware' {
  import type { Agent } from 'node:http'
  import type { Handler } from 'express'
  export function createProxyMiddleware(options: {
    target: string
    changeOrigin: boolean
    agent: Agent
    pathRewrite: Record<string, string>
  }): Handler
}

declare module 'mcp-use' {
  export class MCPServer {
    static fromOpenAPI(options: { spec: unknown; name: string; version: string; baseUrl: string }): MCPServer
    listen(port: number): Promise<unknown>
  }
}

declare module '@modelcontextprotocol/node' {
  import type { IncomingMessage, ServerResponse } from 'node:http'
  export function toNodeHandler(handler: {
    fetch(request: Request): Promise<Response>
  }): (request: IncomingMessage, response: ServerResponse) => Promise<void>
}
