// The pages of the catalogue and of an inventory: axe-core finds nothing, they fit a phone, and they are drawn without scripts.
// The pictures are in `target/catalog-pictures`; `envoy/catalog/tool.png` and `inventory.png` are those of the names below.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { startBrowser } from './console.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));
const command = process.env.MCP_POLICY_COMMAND ?? `${root}target/debug/mcp-policy`;
const site = `${root}target/catalog-site`;
const pictures = `${root}target/catalog-pictures`;
const LOOKS = { light: {}, dark: { dark: true }, phone: { width: 390, height: 844 } };
const PAGES = {
  index: 'index.html', attacks: 'attacks.html', server: 'github/index.html', tool: 'github/merge_pull_request.html',
  dotted: 'imagegen/image.generate.gemini.html', inventory: 'inventory.html',
};

// Lists of two servers of the catalogue, and of one that it does not have.
function inventory() {
  const lists = ['github', 'slack'].map((server) => {
    const { tools } = JSON.parse(readFileSync(`${root}envoy/catalog/${server}.json`));
    const file = `${site}/${server}.json`;
    writeFileSync(file, JSON.stringify(tools.slice(0, 6).map(({ name, does }) => ({ name, description: does }))));
    return file;
  });
  const own = `${site}/billing.json`;
  writeFileSync(own, JSON.stringify([{ name: 'get_invoice' }, { name: 'create_refund' }, { name: 'delete_customer' }]));
  const policy = `${site}/policy.json`;
  const tools = { get_invoice: {}, create_refund: { action: 'require_approval' } };
  writeFileSync(policy, JSON.stringify({
    policies: {
      billing: { version: '1', default: 'deny', tools },
      github: JSON.parse(readFileSync(`${root}envoy/catalog/github.policy.json`)),
      slack: JSON.parse(readFileSync(`${root}envoy/catalog/slack.policy.json`)),
    },
    bindings: [],
  }));
  const files = [own, ...lists].flatMap((file) => ['--tools', file]);
  return execFileSync(command, ['inventory', ...files, '--policy', policy, '--format', 'html'], { encoding: 'utf8' });
}

let browser;
before(async () => {
  mkdirSync(pictures, { recursive: true });
  execFileSync(command, ['catalog', '--format', 'html', '--output', site]);
  writeFileSync(`${site}/inventory.html`, inventory());
  browser = await startBrowser();
});
after(() => browser?.close());

const axe = readFileSync(createRequire(`${process.env.MCP_POLICY_BROWSER}/driver/`).resolve('axe-core/axe.min.js'), 'utf8');

for (const [name, file] of Object.entries(PAGES)) {
  for (const [look, { dark = false, width = 1000, height = 700 }] of Object.entries(LOOKS)) {
    test(`axe-core finds nothing, and the page fits: ${name}, ${look}`, async () => {
      const context = await browser.newContext({ colorScheme: dark ? 'dark' : 'light', viewport: { width, height } });
      const page = await context.newPage();
      const requests = [];
      page.on('request', (request) => requests.push(request.url()));
      await page.goto(pathToFileURL(`${site}/${file}`).href);
      await page.screenshot({ path: `${pictures}/${name}-${look}.png` });
      assert.equal(requests.length, 1, `the page loads nothing else: ${requests}`);
      assert.equal(await page.locator('script').count(), 0);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.ok(wide <= 0, `the page is ${wide} pixels too wide`);
      await page.evaluate(axe);
      const { violations, passes } = await page.evaluate(() => axe.run(document, { resultTypes: ['violations', 'passes'] }));
      assert.deepEqual(violations.map(({ id, nodes }) => [id, nodes.map(({ html, failureSummary }) => `${html}: ${failureSummary}`)]), []);
      assert.ok(passes.length > 10, `${passes.length} rules were checked`);
      await context.close();
    });
  }
}
