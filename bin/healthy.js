// Exits with 0 while the gateway in this container is ready: a health check for images without a shell.
const port = process.env.CONTROL_PORT || '9091'
const response = await fetch(`http://127.0.0.1:${port}/health/ready`, { signal: AbortSignal.timeout(2_000) })
process.exit(response.ok ? 0 : 1)
