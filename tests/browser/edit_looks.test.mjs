// Each part of the editor's page, light and dark, from a phone to a large screen: axe-core finds nothing, and nothing is wider than the
// page. The pictures are in `target/editor`; those of the README are `rule-light`, `rule-dark` and `try-light`.

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { edit, root, useBrowser } from './editor.mjs';

useBrowser();

const FOLDER = `${root}target/editor`;
const LOOKS = { light: { width: 1400, height: 860 }, dark: { width: 1400, height: 860, dark: true }, phone: { width: 390, height: 844 }, tablet: { width: 900, height: 1100, dark: true }, large: { width: 1920, height: 1080 } };

const axe = readFileSync(createRequire(`${process.env.MCP_POLICY_BROWSER}/driver/`).resolve('axe-core/axe.min.js'), 'utf8');

const object = (properties, required) => ({ type: 'object', properties, required });
const TOOLS = [
  { name: 'get_invoice', description: 'Gets an invoice by its number.', inputSchema: object({ number: { type: 'string' } }, ['number']) },
  { name: 'list_customers', description: 'Lists customers.', inputSchema: object({}) },
  { name: 'send_mail', description: 'Sends a mail to a customer.', inputSchema: object({ to: { type: 'string' }, text: { type: 'string' } }, ['to', 'text']) },
  {
    name: 'create_refund', description: 'Refunds a charge, in full or in part.',
    inputSchema: object({ charge: { type: 'string', description: 'The charge to refund.' }, amount: { type: 'number', description: 'In US dollars.' }, reason: { enum: ['duplicate', 'fraudulent', 'requested_by_customer'] } }, ['charge', 'amount']),
  },
  { name: 'run_report', description: 'Runs a saved report.', inputSchema: object({ name: { type: 'string' } }) },
  { name: 'delete_customer', description: 'Deletes a customer for good.', inputSchema: object({ id: { type: 'string' } }) },
];

const TEXT = `{
  "version": "1",
  "default": "deny",
  "hide": ["delete_customer"],
  "tools": {
    "get_*": {},
    "list_*": {},
    "send_mail": { "rate_limit": "5/minute", "reason": "Mail is slow" },
    "create_refund": {
      "require": [
        { "conditions": [{ "path": "args.amount", "op": "lte", "value": 500 }], "on_deny": "At most 500" }
      ],
      "require_approval": [
        { "conditions": [{ "path": "args.amount", "op": "gt", "value": 100 }], "on_deny": "Over 100" }
      ]
    }
  }
}
`;

// The parts: what happens before the picture.
const PARTS = {
  rule: async () => {},
  try: async (tab) => {
    await tab.tab('Try a call').click();
    await tab.page.getByLabel('Charge').fill('ch_3Qk');
    await tab.page.getByLabel('Amount').fill('250');
    await tab.page.getByLabel('Who calls').fill('jwt:alice');
    await tab.button('Try it').click();
    await tab.page.locator('.outcome').scrollIntoViewIfNeeded();
  },
  cases: async (tab) => {
    await tab.tab('Try a call').click();
    await tab.button('Try it').click();
    await tab.button('Keep as a case').click();
    await tab.tab('Rule').click();
    await tab.page.getByRole('radio', { name: 'Deny' }).click();
    await tab.tab('Cases').click();
    await tab.page.getByText('On all calls').waitFor();
  },
  deploy: async (tab) => {
    await tab.tab('Deploy').click();
    await tab.page.getByLabel('Output').waitFor();
  },
  broken: async (tab) => {
    await tab.write(TEXT.replace('"lte"', '"lt'));
    await tab.page.locator('.broken').first().waitFor();
  },
  save: async (tab) => {
    await tab.page.getByRole('radio', { name: 'Deny' }).click();
    await tab.settled();
    await tab.button('Save…').click();
    await tab.page.getByRole('dialog').getByText('On all calls').waitFor();
  },
};

for (const [part, prepare] of Object.entries(PARTS)) {
  for (const [look, options] of Object.entries(LOOKS)) {
    test(`axe-core finds nothing, and the page fits: ${part}, ${look}`, () =>
      edit({ file: 'billing.json', isRelative: true, text: TEXT, tools: [TOOLS], ...options }, async (tab) => {
        const { page } = tab;
        await tab.row('create_refund').click();
        await prepare(tab);
        await tab.settled();
        mkdirSync(FOLDER, { recursive: true });
        await page.screenshot({ path: `${FOLDER}/${part}-${look}.png` });
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        assert.ok(wide <= 0, `the page is ${wide} pixels too wide`);
        await page.evaluate(axe);
        const { violations, passes } = await page.evaluate(() => axe.run(document, { resultTypes: ['violations', 'passes'] }));
        assert.deepEqual(violations.map(({ id, nodes }) => [id, nodes.map(({ html, failureSummary }) => `${html}: ${failureSummary}`)]), []);
        assert.ok(passes.length > 10, `${passes.length} rules were checked`);
      }));
  }
}
