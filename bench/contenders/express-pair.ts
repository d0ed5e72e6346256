import { Agent } from 'node:http'
import { fileURLToPath } from 'node:url'
import express from 'express'
import { middleware } from 'express-openapi-validator'
import { createProxyMiddleware } from 'http-proxy-middleware'

const { PORT, UPSTREAM = '' } = process.env
const apiSpec = fileURLToPath(new URL('../../openapi/openapi.json', import.meta.url))
const app = express()
app.use(middleware({ apiSpec, validateRequests: true, validateResponses: false }))
app.use(
  createProxyMiddleware({
    target: UPSTREAM,
    changeOrigin: true,
    // Without one it would open a connection for every request.
    agent: new Agent({ keepAlive: true }),
    pathRewrite: { '^/v1': '' },
  }),
)
app.listen(Number(PORT), '127.0.0.1')
