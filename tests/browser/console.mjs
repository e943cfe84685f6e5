// The console in a real browser, as a person has it in front of them. `MCP_POLICY_BROWSER` names the folder with the
// browser and its driver; `./build.sh test` makes it.

import { createRequire } from 'node:module';

// How long a test waits for the page: long, since a loaded machine takes many seconds to lay out long texts.
const TIMEOUT_MS = 60000;

// Starts the browser.
export async function startBrowser() {
  const place = process.env.MCP_POLICY_BROWSER;
  if (!place) throw new Error('MCP_POLICY_BROWSER does not say where the browser is: run `./build.sh test`, which installs it');
  const { chromium } = createRequire(`${place}/driver/`)('playwright-core');
  return chromium.launch({ executablePath: `${place}/chromium`, args: ['--disable-dev-shm-usage'] });
}

// One tab.
export class Console {
  // What no page may do, as it happened: scripts that run, dialogs, errors.
  faults = [];

  // Opens `url` at `hash`. With `clock`, `later` moves the page's time.
  static async open(browser, url, { hash = '', dark = false, width = 1200, height = 800, clock = false } = {}) {
    const context = await browser.newContext({
      colorScheme: dark ? 'dark' : 'light', viewport: { width, height }, locale: 'en-GB', timezoneId: 'UTC',
    });
    const tab = Object.assign(new Console(), { context, url, page: await context.newPage() });
    tab.page.setDefaultTimeout(TIMEOUT_MS);
    tab.page.on('dialog', (dialog) => {
      tab.faults.push(`a dialog: ${dialog.message()}`);
      dialog.dismiss();
    });
    tab.page.on('pageerror', (error) => tab.faults.push(`an error: ${error.message}`));
    tab.page.on('console', (message) => {
      // The page reports refused and failed requests.
      if (!message.text().startsWith('Failed to load resource')) tab.faults.push(`in the log: ${message.text()}`);
    });
    if (clock) await tab.page.clock.install();
    await tab.page.goto(`${url}/${hash}`);
    return tab;
  }

  close() {
    return this.context.close();
  }

  // Waits until the page shows what the gateway has.
  async ready() {
    await this.page.locator('main:visible').waitFor();
    if (await this.page.locator('#signin').isVisible()) throw new Error(await this.text('#why'));
  }

  // Moves the page's time: by default until it has refreshed itself.
  async later(milliseconds = 2100) {
    const refreshed = milliseconds >= 2000 && this.page.waitForResponse((response) => response.url().endsWith('/api/decisions'));
    await this.page.clock.runFor(milliseconds);
    await refreshed;
    await this.drawn();
  }

  // Waits until what has been answered is on the page.
  async drawn() {
    await this.page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve))));
  }

  item(id) {
    return this.page.locator(`li[id="${id}"]`);
  }

  // Waits for an approval, and until a press counts.
  async waitFor(id) {
    await this.item(id).waitFor();
    await this.page.waitForTimeout(SETTLED_MS);
  }

  // Answers as a person does with a mouse.
  async answer(id, decision, note) {
    await this.waitFor(id);
    if (note !== undefined) await this.item(id).getByLabel('Note').fill(note);
    await this.item(id).getByRole('button', { name: decision }).click();
    await this.item(id).waitFor({ state: 'detached' });
  }

  // Another tab of the same browser, which shares nothing with this one but what the page shares itself.
  async another(hash = '') {
    const tab = Object.assign(new Console(), { context: this.context, url: this.url, faults: this.faults, page: await this.context.newPage() });
    tab.page.setDefaultTimeout(TIMEOUT_MS);
    await tab.page.goto(`${this.url}/${hash}`);
    return tab;
  }

  // Tells the page that its tab is hidden, or is not any more.
  hide(hidden) {
    return this.page.evaluate((value) => {
      Object.defineProperty(document, 'hidden', { value, configurable: true });
      document.dispatchEvent(new Event('visibilitychange'));
    }, hidden);
  }

  // What a person reads of each approval.
  approvals() {
    return this.page.locator('#approvals > li').evaluateAll((items) =>
      items.map((item) => {
        const text = (name) => item.querySelector(name).innerText;
        const visible = (button) => button.checkVisibility({ visibilityProperty: true });
        const answerable = [...item.querySelectorAll('button:enabled')].filter(visible);
        return {
          id: item.id, title: text('h3'), asked: text('p:has(.age)'), reason: text('.reason'),
          params: [...item.querySelectorAll('.params tr')].map((row) => [row.querySelector('.name').innerText, row.querySelector('.value').textContent]),
          outcome: text('.outcome'), answers: answerable.map((button) => button.innerText),
        };
      }),
    );
  }

  // All that the page says of the gateway.
  async everything() {
    return {
      you: await this.text('#you'), approvals: await this.approvals(), answers: await this.rows('answers'), counters: await this.rows('counters'),
      decisions: await this.rows('decisions'),
    };
  }

  // The cells of a table, row by row.
  rows(table) {
    return this.page.locator(`#${table} > tr`).evaluateAll((rows) =>
      rows.map((row) => [...row.cells].map((cell) => cell.innerText.trim())),
    );
  }

  // The text of one element.
  text(selector) {
    return this.page.locator(selector).innerText();
  }

  // Waits until an element's text is this.
  async says(selector, text) {
    const read = () => this.text(selector);
    const deadline = Date.now() + TIMEOUT_MS;
    while ((await read()) !== text && Date.now() < deadline) await this.page.waitForTimeout(20);
    return read();
  }
}

// A little more than the page takes a press for a mistake after something has moved.
const SETTLED_MS = 800;
