// The editor in a real browser: starts `mcp-policy edit`, opens its page, and records every request that the page makes.
// `MCP_POLICY_COMMAND` names the command, by default the one that `cargo build` makes.

import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { after, before } from 'node:test';
import { startBrowser } from './console.mjs';

export const root = fileURLToPath(new URL('../../', import.meta.url));
export const command = process.env.MCP_POLICY_COMMAND ?? `${root}target/debug/mcp-policy`;
const TIMEOUT_MS = 60000;

let browser;
export function useBrowser() {
  before(async () => { browser = await startBrowser(); });
  after(() => browser?.close());
}

// Starts a program and resolves with the first line that it prints.
export async function start(program, args, options = {}) {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'], ...options });
  const ended = new Promise((_, reject) => child.on('exit', (code) => reject(new Error(`${program} ended with ${code}`))));
  ended.catch(() => {});
  const lines = createInterface({ input: child.stdout });
  const first = new Promise((resolve) => { lines.once('line', resolve); });
  return { child, line: await Promise.race([first, ended]) };
}

// A folder that is gone when `use` is over.
export async function inFolder(use) {
  const folder = mkdtempSync(join(tmpdir(), 'mcp-policy-editor-'));
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

// Runs the command to its end. Fails if it does.
export const run = (...args) => execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

// Opens the editor for `file` of `folder` in a tab of its own, and ends both when `use` is over. `text` and `tools` are
// written first; with `isRelative` the command is in the folder. `prepare` gets the page before it is opened.
export async function edit({ file = 'policy.json', isRelative = false, text, tools, args = [], env = {}, prepare = () => {}, dark = false, width = 1400, height = 900 }, use) {
  return inFolder(async (folder) => {
    const path = join(folder, file);
    if (text !== undefined) writeFileSync(path, text);
    const lists = (tools ?? []).flatMap((list, i) => {
      const name = join(folder, `server-${i + 1}.json`);
      writeFileSync(name, JSON.stringify(list));
      return ['--tools', name];
    });
    const { child, line: address } = await start(command, ['edit', isRelative ? file : path, ...lists, ...args], { cwd: folder, env: { ...process.env, ...env } });
    const context = await browser.newContext({ colorScheme: dark ? 'dark' : 'light', viewport: { width, height }, locale: 'en-GB', timezoneId: 'UTC' });
    const tab = Object.assign(new Editor(), { context, folder, path, address, page: await context.newPage() });
    try {
      tab.watch();
      await prepare(tab.page);
      await tab.page.goto(address);
      await tab.page.locator('.cm-content').waitFor();
      await tab.settled();
      await use(tab);
      if (tab.faults.length) throw new Error(tab.faults.join('; '));
    } finally {
      await context.close();
      child.kill();
    }
  });
}

export class Editor {
  // What no page may do, as it happened.
  faults = [];
  requests = [];

  watch() {
    const { page } = this;
    page.setDefaultTimeout(TIMEOUT_MS);
    page.on('request', (request) => this.requests.push(request.url()));
    page.on('dialog', (dialog) => { this.faults.push(`a dialog: ${dialog.message()}`); dialog.dismiss(); });
    page.on('pageerror', (error) => this.faults.push(`an error: ${error.message}`));
    page.on('console', (message) => {
      // The browser reports answers such as 409, and 422 for a text with mistakes.
      if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) this.faults.push(`in the log: ${message.text()}`);
    });
  }

  // The text as the page would save it.
  text() {
    return this.page.evaluate(() => document.querySelector('.cm-content').cmTile?.view?.state.sliceDoc() ?? document.querySelector('.cm-content').cmView.view.state.sliceDoc());
  }

  // Waits until the page shows what the command says of the text.
  async settled() {
    await this.page.evaluate(() => new Promise((resolve) => { requestAnimationFrame(() => setTimeout(resolve)); }));
    await this.page.locator('main[aria-busy=false]').waitFor();
  }

  row(name) {
    return this.page.locator('.row').filter({ has: this.page.locator('code', { hasText: new RegExp(`^${name.replaceAll('.', '\\.')}$`) }) });
  }

  button(name) {
    return this.page.getByRole('button', { name });
  }

  tab(name) {
    return this.page.getByRole('tab', { name });
  }

  // Moves the focus by Tab alone.
  async reach(role, name) {
    const wanted = this.page.getByRole(role, { name, exact: true }).first();
    await wanted.waitFor();
    for (let steps = 0; steps < 150; steps += 1) {
      if (await wanted.evaluate((element) => element === document.activeElement)) return;
      await this.page.keyboard.press('Tab');
    }
    throw new Error(`Tab does not reach the ${role} \`${name}\``);
  }

  // Replaces the whole text, as a person who pastes another one.
  async write(text) {
    await this.page.locator('.cm-content').click();
    await this.page.keyboard.press('ControlOrMeta+a');
    await this.page.keyboard.insertText(text);
    await this.settled();
  }
}
