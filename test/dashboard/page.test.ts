/** The page in a real browser, as a person uses it: what it shows, what it does, and to whom it is legible. */
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { chromiumPath, launch, visit } from '../support/browser.ts'
import { type Scene, scene } from './scene.ts'

const axe = readFileSync(fileURLToPath(import.meta.resolve('axe-core/axe.min.js')), 'utf8')

interface Violation {
  readonly id: string
  readonly nodes: readonly { readonly target: readonly string[]; readonly failureSummary: string }[]
}

/** What of WCAG 2.2, A and AA, the page as it stands does not keep. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe)
  const found = (await page.evaluate(`axe.run(document, {
    runOnly: { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] },
    resultTypes: ['violations'],
  }).then((result) => result.violations)`)) as Violation[]
  return found.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id} ${target}: ${failureSummary}`),
  )
}

/** Shows a view of a page that is there already. */
async function go(page: Page, hash: string, text: string | RegExp): Promise<void> {
  await page.evaluate(`location.hash = ${JSON.stringify(hash)}`)
  await page.getByRole('heading', { name: text }).first().waitFor()
}

const node = (page: Page, kernel: string) => page.locator(`[data-kernel="${kernel}"]`).first()

describe.skipIf(chromiumPath === undefined)('the page', { timeout: 120_000 }, () => {
  let browser: Browser
  let at: Scene
  beforeAll(async () => {
    ;[browser, at] = await Promise.all([launch(), scene()])
  })
  afterAll(async () => {
    await browser?.close()
    await at?.[Symbol.asyncDispose]()
  })
  const open = (options = {}) => visit(browser, at.dashboard.url, options)

  test('shows every kernel of the fleet with its state, and hears of a crash without being loaded again', async () => {
    await using visited = await open()
    const { page, complaints } = visited
    for (const id of ['notes', 'asking', 'lights', 'shut']) await node(page, id).waitFor()
    await page.evaluate('globalThis.untouched = true')
    await at.house.runtime.kernel('lights').quarantine()
    await page.locator('[data-kernel="lights"][data-state^="quarantined"]').first().waitFor()
    await at.house.runtime.kernel('lights').rejoin()
    await page.locator('[data-kernel="lights"][data-state^="running"]').first().waitFor()
    expect(await page.evaluate('globalThis.untouched')).toBe(true)
    // The address without its token, so that nobody copies that by accident.
    expect(page.url()).not.toContain('token')
    expect(complaints).toEqual([])
  })

  test('tells the whole ladder of an incident, from the failure to the playbook, while it happens', async () => {
    await using visited = await open()
    const { page, complaints } = visited
    const recovered = at.house.seen(({ type, kernel }) => type === 'kernel.recovered' && kernel === 'notes', 60_000)
    const incident = await at.fail('notes')
    await go(page, '#/incidents', 'Incidents')
    await page
      .getByRole('link', { name: /inclodes is not a function/ })
      .first()
      .click()
    await page.getByRole('heading', { name: /inclodes is not a function/ }).waitFor()
    await recovered
    await page.getByRole('heading', { name: /playbook/ }).waitFor()
    const told = await page.locator('.ladder').innerText()
    for (const step of ['Escalated', 'Evidence captured', 'Out of service', 'Repair in the sandbox', 'Repair applied'])
      expect(told).toContain(step)
    for (const step of ['Back on probation', 'Learnt', 'Resolved']) expect(told).toContain(step)
    // The line at fault, the change as two columns, the proof line by line.
    expect(await page.locator('.source .at').first().innerText()).toContain('text.inclodes(')
    await page.locator('.diff td.removed', { hasText: 'inclodes' }).first().waitFor()
    await page.locator('.diff td.added', { hasText: 'includes' }).first().waitFor()
    expect(await page.locator('.proof-lines li').count()).toBeGreaterThanOrEqual(8)
    expect(page.url()).toContain(incident)
    expect(complaints).toEqual([])
  })

  test('a proved repair is approved on the page, by keyboard alone, and the kernel comes back', async () => {
    await using visited = await open()
    const { page, complaints } = visited
    const incident = await at.fail('asking')
    await go(page, `#/incident/${incident}`, /inclodes is not a function/)
    await page.getByRole('button', { name: 'Approve the repair' }).waitFor({ timeout: 60_000 })
    const recovered = at.house.seen(({ type, kernel }) => type === 'kernel.recovered' && kernel === 'asking', 60_000)
    await tabTo(page, 'Approve the repair')
    await page.keyboard.press('Enter')
    await page.getByRole('dialog').waitFor()
    await tabTo(page, 'Approve')
    await page.keyboard.press('Enter')
    await recovered
    await page.getByText(/Approve the repair of asking: done/).waitFor()
    const given = at.house.of('command.given').filter(({ op }) => op === 'approve')
    expect(given).toMatchObject([{ by: 'dashboard' }])
    expect(complaints).toEqual([])
  })

  test('the history of a kernel is scrubbed back by keyboard, and live again', async () => {
    await using visited = await open()
    const { page, complaints } = visited
    await go(page, '#/kernel/notes', 'notes')
    const chart = page.locator('svg [data-node="instance.running"]').first()
    await chart.waitFor({ timeout: 60_000 })
    await page.getByRole('heading', { name: 'Now' }).waitFor()
    const slider = page.getByRole('slider', { name: 'Step of the history' })
    await slider.focus()
    await page.keyboard.press('Home')
    await page.getByRole('heading', { name: /^At / }).waitFor()
    await page.getByRole('button', { name: 'live', exact: true }).press('Enter')
    await page.getByRole('heading', { name: 'Now' }).waitFor()
    expect(complaints).toEqual([])
  })

  test("a kernel's own machine is drawn, and moves as it does", async () => {
    await using visited = await open()
    const { page, complaints } = visited
    await go(page, '#/kernel/lights', 'lights')
    await page.getByRole('tab', { name: /lights/ }).click()
    await page.locator('svg [data-node="lights.red"].active').waitFor({ timeout: 60_000 })
    expect(await at.house.runtime.ref('lights').ask.send?.('GO')).toBe('green')
    await page.locator('svg [data-node="lights.green"].active').waitFor()
    expect(complaints).toEqual([])
  })

  test('dead letters, playbooks and logs are there to be read', async () => {
    await using visited = await open()
    const { page, complaints } = visited
    await at.house.runtime.kernel('shut').quarantine()
    at.house.runtime.ref('shut').tell.put?.('a', 'lost letter')
    await at.house.seen(({ type }) => type === 'message.deadLettered')
    await go(page, '#/letters', 'Dead letters')
    await page
      .getByRole('row', { name: /KERNEL_UNAVAILABLE/ })
      .first()
      .waitFor()
    await go(page, '#/playbooks', 'Playbooks')
    await page.getByText(/notes/).first().waitFor()
    await go(page, '#/logs/notes', 'Logs')
    await page.getByText('ready to take notes').first().waitFor()
    expect(complaints).toEqual([])
  })

  test('works below a prefix of another server', async () => {
    const handler = at.house.runtime.dashboardHandler({ prefix: '/ops/lazaret' })
    const server = createServer((request, response) => {
      handler(request, response, () => response.writeHead(404).end('the monolith'))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const origin = `http://127.0.0.1:${port}`
    try {
      expect(await (await fetch(`${origin}/other`)).text()).toBe('the monolith')
      await using visited = await visit(browser, `${origin}/ops/lazaret/?token=${handler.token}`)
      await node(visited.page, 'notes').waitFor()
      await visited.page.getByText('live', { exact: true }).waitFor()
      expect(visited.complaints).toEqual([])
    } finally {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    }
  })

  test.each(['light', 'dark'] as const)('is legible to everybody in the %s, wide and narrow', async (colorScheme) => {
    await using visited = await open({ colorScheme })
    const { page, complaints } = visited
    await node(page, 'notes').waitFor()
    const [incident] = at.house.of('incident.opened').map((event) => String(event.incident))
    const views: [string, string | RegExp][] = [
      ['#/fleet', 'Fleet'],
      ['#/fleet?as=table', 'Fleet'],
      ['#/kernel/notes', 'notes'],
      ['#/incidents', 'Incidents'],
      [`#/incident/${incident}`, /inclodes/],
      ['#/playbooks', 'Playbooks'],
      ['#/letters', 'Dead letters'],
      ['#/logs', 'Logs'],
      // It has logged nothing.
      ['#/logs/lights', 'Logs'],
    ]
    const wrong: string[] = []
    for (const [hash, heading] of views) {
      await page.setViewportSize({ width: 1280, height: 800 })
      await go(page, hash, heading)
      wrong.push(...(await violations(page)).map((text) => `${hash} ${text}`))
      for (const width of [1280, 390]) {
        await page.setViewportSize({ width, height: 800 })
        const wide = (await page.evaluate('document.documentElement.scrollWidth')) as number
        if (wide > width) wrong.push(`${hash} is ${wide} wide at ${width}`)
      }
    }
    expect(wrong).toEqual([])
    expect(complaints).toEqual([])
  })
})

/** Tab by Tab, to the element of this name, as far as a person would go. */
async function tabTo(page: Page, name: string): Promise<void> {
  const seen: string[] = []
  for (let n = 0; n < 80; n += 1) {
    await page.keyboard.press('Tab')
    const text = String(await page.evaluate('document.activeElement?.innerText ?? ""')).trim()
    if (text === name) return
    seen.push(text)
  }
  throw new Error(`${name} is not reached by Tab, but: ${seen.join(' | ')}`)
}
