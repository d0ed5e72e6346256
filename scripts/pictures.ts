/**
 * `make pictures`: draws the flow of a call, and takes pictures of both pages and of what `make dev` prints.
 */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { pino } from 'pino'
import { type Browser, chromium } from 'playwright-core'
import { startCalCom } from '../mocks/cal-com/server.ts'
import { configureDemo } from '../mocks/start.ts'
import { readConfig } from '../src/config/config.ts'
import { readApi } from '../src/document/api.ts'
import { readDocument } from '../src/document/document.ts'
import { createServers } from '../src/gateway.ts'
import { drawFlow } from './drawing.ts'
import { composeStartupMessage } from './startup-message.ts'

const folder = new URL('../docs/pictures/', import.meta.url)
const viewport = { width: 1_200, height: 760 }
const locate = (name: string) => fileURLToPath(new URL(name, folder))

const document = readDocument()
await using mock = await startCalCom()
const gateway = await createServers({
  config: readConfig(configureDemo(mock.url), readApi(document)),
  ...{ document, version: '0.0.0', logger: pino({ level: 'silent' }) },
})
// The pictures show the usual ports.
const rest = await gateway.rest.listen({ host: '127.0.0.1', port: 8080 })
const mcp = await gateway.mcp.listen({ host: '127.0.0.1', port: 9090 })
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] })
try {
  writeFileSync(locate('flow.svg'), drawFlow())
  for (const colorScheme of ['light', 'dark'] as const) {
    await takePage(browser, rest, colorScheme, `rest-${colorScheme}.png`)
    await takePage(browser, mcp, colorScheme, `mcp-${colorScheme}.png`)
  }
  const origins = { mock: 'http://127.0.0.1:4010', rest, mcp }
  await takeTerminal(browser, composeStartupMessage(document, origins, true))
} finally {
  await browser.close()
  await gateway.close()
}

async function takePage(
  browser: Browser,
  url: string,
  colorScheme: 'light' | 'dark',
  name: string,
): Promise<void> {
  const page = await browser.newPage({ colorScheme, viewport })
  await page.goto(url, { waitUntil: 'networkidle' })
  await page.getByRole('heading', { level: 1 }).first().waitFor()
  await page.screenshot({ path: locate(name) })
  await page.close()
}

/** Shows a text as a terminal does: one font, lines broken at the edge. Paths of this machine are shortened. */
async function takeTerminal(browser: Browser, text: string): Promise<void> {
  const root = fileURLToPath(new URL('..', import.meta.url))
  const shown = text.replaceAll(process.execPath, 'node').replaceAll(root, '')
  const page = await browser.newPage({ viewport: { width: 1_000, height: 10 } })
  const style =
    'margin:0;padding:16px;background:#1b1f24;color:#e6edf3;font:14px/1.5 monospace;white-space:pre-wrap;word-break:break-all'
  await page.setContent(`<pre style="${style}"></pre>`)
  await page.locator('pre').evaluate((pre, written) => {
    pre.textContent = written
  }, `$ make dev\n${shown}`)
  await page.locator('pre').screenshot({ path: locate('make-dev.png') })
  await page.close()
}
