import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startCalCom } from '../../mocks/cal-com/server.ts'
import { configureDemo } from '../../mocks/start.ts'
import { type RunningGateway, startGateway } from '../support/gateway.ts'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core'), 'utf8')
const mock = await startCalCom()

let browser: Browser
let running: RunningGateway
beforeAll(async () => {
  browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] })
  running = await startGateway(mock.url, configureDemo(mock.url))
})
afterAll(async () => {
  await browser.close()
  await running[Symbol.asyncDispose]()
  await mock[Symbol.asyncDispose]()
})

const screens = [
  ['light', 1_440],
  ['dark', 1_440],
  ['light', 360],
  ['dark', 360],
] as const

/** Opens a page, and collects what it asks others for and what its policy forbids. */
async function open(url: string, colorScheme: 'light' | 'dark' = 'light', width = 1_440) {
  const context = await browser.newContext({ colorScheme, viewport: { width, height: 900 } })
  const page = await context.newPage()
  const foreign: string[] = []
  const forbidden: string[] = []
  page.on('request', (request) => {
    if (!/^(data:|blob:)/.test(request.url()) && new URL(request.url()).origin !== new URL(url).origin)
      foreign.push(request.url())
  })
  page.on('console', (message) => {
    if (/Content Security Policy/.test(message.text())) forbidden.push(message.text())
  })
  await page.goto(url)
  await page.getByRole('heading', { level: 1 }).first().waitFor()
  return { page, foreign, forbidden, [Symbol.asyncDispose]: () => context.close() }
}

/** Returns the accessibility rules (WCAG 2.2 and good practice, by axe) that a page breaks, with the first element. */
async function findViolations(page: Page): Promise<string[]> {
  await page.evaluate(axe)
  const report: unknown = await page.evaluate('axe.run()')
  const { violations } = Object(report)
  return violations.map(
    ({ id, nodes: [first] }: { id: string; nodes: { html: string }[] }) => `${id}: ${first?.html}`,
  )
}

async function measureWidth(page: Page): Promise<unknown> {
  return page.evaluate('document.documentElement.scrollWidth')
}

async function readStorage(page: Page): Promise<string> {
  return String(
    await page.evaluate('JSON.stringify([{ ...localStorage }, { ...sessionStorage }, location.href])'),
  )
}

describe('the page of the REST server', () => {
  it.each(screens)(
    'in %s, %i pixels wide, is accessible and loads nothing from elsewhere',
    async (scheme, width) => {
      await using opened = await open(running.restUrl, scheme, width)
      const { page, foreign, forbidden } = opened
      await page.getByText('Get all managed users').filter({ visible: true }).first().waitFor()
      expect(await findViolations(page)).toEqual([])
      expect(await measureWidth(page)).toBeLessThanOrEqual(width)
      expect([foreign, forbidden]).toEqual([[], []])
    },
  )

  it('sends a call that succeeds, and shows why another is refused', async () => {
    await using opened = await open(
      `${running.restUrl}/#tag/deprecated-platform--managed-users/GET/v2/oauth-clients/{clientId}/users`,
    )
    const { page } = opened
    await page
      .getByRole('button', { name: /Test Request.*users\)/i })
      .first()
      .click()
    const send = async () => {
      const [response] = await Promise.all([
        page.waitForResponse((one) => one.url().includes('/v1/v2/oauth-clients/')),
        page.getByRole('button', { name: /^Send/ }).first().click(),
      ])
      return response.status()
    }
    expect(await send()).toBe(200)
    await page.getByText('200 OK').first().waitFor()
    await page.getByRole('row', { name: 'Include limit in request' }).getByRole('combobox').nth(1).click()
    await page.keyboard.press('Control+A')
    await page.keyboard.type('300')
    expect(await send()).toBe(400)
    await page.getByText('query.limit must be an integer from 1 to 250').first().waitFor()
    expect(await readStorage(page)).not.toContain('demo-secret')
  })
})

describe('the page of the MCP server', () => {
  it.each(screens)(
    'in %s, %i pixels wide, is accessible and loads nothing from elsewhere',
    async (scheme, width) => {
      await using opened = await open(running.mcpUrl, scheme, width)
      const { page, foreign, forbidden } = opened
      for (const summary of await page.locator('summary').all()) await summary.click()
      expect(await findViolations(page)).toEqual([])
      expect(await measureWidth(page)).toBeLessThanOrEqual(width)
      expect([foreign, forbidden]).toEqual([[], []])
    },
  )

  it('shows every tool, and opens its arguments by keyboard', async () => {
    await using opened = await open(running.mcpUrl)
    const { page } = opened
    expect(await page.locator('article h3').allTextContents()).toContain('get-managed-user')
    const summary = page.getByText('Arguments of get-managed-user')
    await summary.focus()
    await page.keyboard.press('Enter')
    expect(await page.getByText('"userId"').first().isVisible()).toBe(true)
  })
})
