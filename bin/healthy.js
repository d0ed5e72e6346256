// Exits with 0 while the gateway in this container is ready: a health check for images without a shell. It reads the
// environment alone.
const host = process.env.CONTROL_HOST || '127.0.0.1'
const port = process.env.CONTROL_PORT || '9091'
/** A gateway that listens on every address is asked on its own machine. */
const address = { '0.0.0.0': '127.0.0.1', '::': '::1' }[host] ?? host
const url = `http://${address.includes(':') ? `[${address}]` : address}:${port}/health/ready`
const problem = await ask()
if (problem) process.stderr.write(`${url} ${problem}\n`)
process.exit(problem ? 1 : 0)

/** Returns what is wrong, or undefined. */
async function ask() {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2_000) })
    return response.ok ? undefined : `returned ${response.status}`
  } catch ({ name, cause }) {
    return `cannot be read: ${cause?.code ?? name}`
  }
}
