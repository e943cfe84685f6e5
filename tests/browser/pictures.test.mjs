// Each state of the page: a picture of it, and what axe-core finds there, which is nothing. The pictures are in
// `target/console`; `envoy/console.png` is `pending-light.png`.

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { approval, at } from './gateway.mjs';
import { scene, useBrowser } from './scene.mjs';

useBrowser();

const FOLDER = new URL('../../target/console/', import.meta.url);
const LOOKS = { light: {}, dark: { dark: true }, phone: { width: 390, height: 844 } };

const refund = (amount, other) =>
  approval({
    tool: 'create_refund', grant: 'token:support-agent', rule: '/tools/create_refund/require_approval/0', reason: 'Refunds over 100 need a person.',
    route: 'mcp', cluster: 'mcp_server', params: `{"name":"create_refund","arguments":{"charge":"ch_3Qk","amount":${amount},"memo":"${'The parcel came late. '.repeat(12)}"}}`,
    description: 'Refunds a charge, in whole or in part.', class: 'destructive',
    uses: [{ counter: 'refunded', cost: amount, used: 25000, max: 50000, window: 86400, scope: 'global' }], ...other,
  });

const decided = (decision, seconds, other) => ({
  at: at(-seconds),
  record: { decision, rule: '/tools/create_refund/require_approval/0', grant: 'token:support-agent', method: 'tools/call', tool: 'create_refund', ...other },
});

const busy = () => ({
  approvals: [refund(250, { id: 'a1' }), refund(1200, { id: 'a2', askedAt: at(-30), yours: true })],
  counters: [
    { filter: 'mcp-policy', policy: 'default', counter: 'refunded', scope: 'global', window: 86400, max: 50000, used: 25000, resetAt: at(18000) },
    { filter: 'mcp-policy', policy: 'default', counter: '/tools/create_customer', scope: 'grant', grant: 'token:support-agent', window: 60, max: 5, used: 5, resetAt: at(40) },
  ],
  decisions: [
    decided('approval_required', 60),
    decided('denied', 400, { tool: 'delete_customer', rule: '(default deny)', arguments: ['customer'] }),
    decided('rate_limited', 800, { tool: 'create_customer', rule: '/tools/create_customer/rate_limit' }),
  ],
});

const answered = () => ({
  ...busy(),
  approvals: [
    refund(250, { id: 'a1', state: 'approved', approver: 'jwt:bob@example.com', note: 'checked with the customer' }),
    refund(9000, { id: 'a2', state: 'rejected', approver: 'jwt:bob@example.com', note: 'too much' }),
  ],
});

// The states: what the gateway has, and what happens before the picture.
const STATES = {
  empty: [() => ({}), (tab) => tab.page.locator('#lists').waitFor()],
  pending: [busy, (tab) => tab.waitFor('a1')],
  answered: [answered, (tab) => tab.page.locator('#answers > tr').first().waitFor()],
  message: [
    () => ({ ...busy(), unwilling: [403, 'you cannot approve your own call; ask another approver'] }),
    async (tab) => {
      await tab.waitFor('a1');
      await tab.item('a1').getByRole('button', { name: 'Approve' }).click();
      await tab.page.waitForFunction(() => document.querySelector('#news').innerText);
    },
  ],
  'gateway-gone': [
    busy,
    async (tab, gateway) => {
      await tab.waitFor('a1');
      await gateway.stop();
      await tab.page.clock.runFor(2100);
      await tab.page.locator('#link.bad').waitFor();
    },
  ],
  unfolded: [
    () => ({ ...busy(), decisions: [...busy().decisions, decided('refused', 900)] }),
    async (tab) => {
      await tab.waitFor('a1');
      await tab.item('a1').locator('summary').click();
      await tab.item('a1').getByRole('button', { name: 'Reject' }).click();
      await tab.page.getByLabel('Search').fill('no such');
      await tab.page.locator('.empty', { hasText: 'No such decisions.' }).waitFor();
    },
  ],
  'signed-out': [() => ({ token: 'secret' }), (tab) => tab.page.locator('#signin').waitFor()],
};

const axe = readFileSync(createRequire(`${process.env.MCP_POLICY_BROWSER}/driver/`).resolve('axe-core/axe.min.js'), 'utf8');

for (const [state, [make, prepare]] of Object.entries(STATES)) {
  for (const [look, options] of Object.entries(LOOKS)) {
    test(`axe-core finds nothing: ${state}, ${look}`, () =>
      scene(make(), options, async (gateway, tab) => {
        await prepare(tab, gateway);
        mkdirSync(FOLDER, { recursive: true });
        await tab.page.screenshot({ path: new URL(`${state}-${look}.png`, FOLDER).pathname });
        await tab.page.evaluate(axe);
        const { violations, passes } = await tab.page.evaluate(() => axe.run(document, { resultTypes: ['violations', 'passes'] }));
        assert.deepEqual(violations.map(({ id, nodes }) => [id, nodes.map(({ html, failureSummary }) => `${html}: ${failureSummary}`)]), []);
        assert.ok(passes.length > 15, `${passes.length} rules were checked`);
        if (state === 'gateway-gone') await gateway.start();
      }));
  }
}
