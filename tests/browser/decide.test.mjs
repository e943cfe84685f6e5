// A person sees what waits, and answers it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { approval, at } from './gateway.mjs';
import { scene, useBrowser } from './scene.mjs';

useBrowser();

const ID = approval().id;

test('a call that waits is shown with all that a person decides by', () =>
  scene({ approvals: [approval()] }, {}, async (gateway, tab) => {
    await tab.waitFor(ID);
    const [shown] = await tab.approvals();
    assert.deepEqual(shown, {
      id: ID,
      title: 'tools/call create_charge',
      asked: shown.asked,
      reason: 'Charges over 100 need a person.',
      params: '{\n  "name": "create_charge",\n  "arguments": {\n    "amount": 1e2\n  }\n}',
      outcome: '',
      answers: ['Approve', 'Reject'],
    });
    // By the gateway's clock, which is two hours before that of this machine.
    assert.match(shown.asked, /^Called by address:127\.0\.0\.1 6[0-3] s ago, [89] min left$/);
    assert.equal(await tab.text('li p:has(.rule)'), 'Rule /tools/create_charge/require_approval/0 of policy default in mcp-policy');
    assert.equal(await tab.text('#you'), 'bearer:9f86d081884c7d65');
    assert.equal(await tab.page.title(), '(1) Approvals');
    assert.equal(await tab.text('#news'), '', 'what was there from the beginning is no news');
  }));

test('an approver sees the route and the cluster that the call runs on', () =>
  scene({ approvals: [approval({ route: 'billing', cluster: 'billing-server' }), approval({ id: '4f9c0a1b2c3d4e5f6071' })] }, {}, async (gateway, tab) => {
    await tab.waitFor(ID);
    assert.equal(await tab.item(ID).locator('.server').innerText(), 'Runs on route billing, cluster billing-server');
    assert.equal(await tab.item('4f9c0a1b2c3d4e5f6071').locator('.server').isVisible(), false);
  }));

test('a call is approved with a note by keyboard only', () =>
  scene({ approvals: [approval()] }, {}, async (gateway, tab) => {
    await tab.item(ID).waitFor();
    const { keyboard } = tab.page;
    await keyboard.press('Tab'); // the parameters, which scroll
    await keyboard.press('Tab');
    await keyboard.type('checked with the customer');
    // No answer is given by accident from within the note.
    await keyboard.press('Enter');
    await keyboard.press('Tab');
    assert.equal(await tab.page.evaluate(() => document.activeElement.innerText), 'Approve');
    assert.notEqual(await tab.page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle), 'none');
    assert.deepEqual(gateway.answered, []);
    await keyboard.press('Enter');
    await tab.item(ID).locator('.outcome:visible').waitFor();
    assert.deepEqual(gateway.answered, [{ id: ID, decision: 'approve', note: 'checked with the customer' }]);
    const [shown] = await tab.approvals();
    assert.equal(shown.outcome, 'approved by bearer:9f86d081884c7d65: checked with the customer');
    assert.deepEqual(shown.answers, []);
    assert.equal(await tab.text('#news'), 'Approved: create_charge passes once, when the agent repeats the call');
    assert.equal(await tab.page.title(), 'Approvals');
  }));

test('a call is rejected with the mouse, without a note', () =>
  scene({ approvals: [approval()] }, {}, async (gateway, tab) => {
    await tab.answer(ID, 'Reject');
    assert.deepEqual(gateway.answered, [{ id: ID, decision: 'reject', note: undefined }]);
    assert.equal((await tab.approvals())[0].outcome, 'rejected by bearer:9f86d081884c7d65');
    assert.equal(await tab.text('#news'), 'Rejected: create_charge');
  }));

test('a decision that comes too late is reported', () =>
  scene({ approvals: [approval()] }, {}, async (gateway, tab) => {
    await tab.waitFor(ID);
    Object.assign(gateway.approvals[0], { state: 'rejected', approver: 'jwt:bob', note: 'not today' });
    await tab.item(ID).getByRole('button', { name: 'Approve' }).click();
    await tab.item(ID).locator('.outcome:visible').waitFor();
    assert.equal(await tab.text('#news'), 'Not decided: create_charge: this was rejected already by `jwt:bob`');
    assert.equal((await tab.approvals())[0].outcome, 'rejected by jwt:bob: not today');
    assert.deepEqual(gateway.answered, []);
  }));

test('a refused decision is reported, and can be repeated', () =>
  scene({ approvals: [approval()], unwilling: [403, 'you cannot approve your own call; ask another approver'] }, {}, async (gateway, tab) => {
    await tab.waitFor(ID);
    await tab.item(ID).getByLabel('Note').fill('mine');
    await tab.item(ID).getByRole('button', { name: 'Approve' }).click();
    const told = 'Not decided: create_charge: you cannot approve your own call; ask another approver';
    assert.equal(await tab.says('#news', told), told);
    await tab.item(ID).locator('fieldset:enabled').waitFor();
    gateway.unwilling = undefined;
    await tab.answer(ID, 'Reject');
    assert.deepEqual(gateway.answered, [{ id: ID, decision: 'reject', note: 'mine' }]);
  }));

test('calls that the reader may not answer have no buttons', () =>
  scene(
    { approvals: [approval({ id: 'a1', yours: true }), approval({ id: 'a2', params: undefined }), approval({ id: 'a3', state: 'approved', approver: 'jwt:bob' })] },
    {},
    async (gateway, tab) => {
      await tab.waitFor('a3');
      const shown = await tab.approvals();
      assert.deepEqual(shown.map(({ outcome, answers }) => [outcome, answers]), [
        ['This is your own call: another approver has to decide.', []],
        ['', ['Reject']],
        ['approved by jwt:bob', []],
      ]);
      assert.equal(shown[1].params, 'The parameters are lost: this call cannot be approved.');
    },
  ));

test('counters show how full they are, and decisions what was decided', () =>
  scene(
    {
      counters: [
        { filter: 'f', policy: 'default', counter: 'images', scope: 'grant', grant: 'jwt:al', window: 60, max: 10, used: 3, resetAt: at(45) },
        { filter: 'f', policy: 'people', counter: 'spent', scope: 'global', window: 86400, max: 500, used: 499.5, resetAt: at(7300) },
        { filter: 'f', policy: 'people', counter: 'never', scope: 'global', window: 60, max: 0, used: 0, resetAt: at(45) },
      ],
      decisions: [
        { at: '2026-11-21T05:59:59Z', record: { decision: 'rejected', rule: '/tools/pay/require_approval/0', grant: 'jwt:al', method: 'tools/call', tool: 'pay', approval: { id: ID, approver: 'jwt:bob', note: 'no' } } },
        { at: '2026-11-21T05:59:58Z', record: { decision: 'denied', rule: '(default deny)', grant: 'jwt:al', method: 'tools/call', tool: 'drop', arguments: ['a'] } },
        { at: '2026-11-21T05:59:58Z', record: { decision: 'denied', rule: '(method)', grant: 'jwt:al', method: 'tasks/list', shadow: { decision: 'denied', rule: '(x)' } } },
        { at: '2026-11-21T05:59:58Z', record: { decision: 'refused', method: 'ping' } },
        { at: '2026-11-21T05:59:58Z', record: { decision: 'refused', method: 'ping' } },
      ],
    },
    {},
    async (gateway, tab) => {
      await tab.page.locator('#decisions > tr').first().waitFor();
      const rows = await tab.rows('counters');
      assert.deepEqual(rows.map((row) => row.slice(0, 3)), [
        ['images default', 'jwt:al', '3 of 10 in 60 s'],
        ['spent people', 'all callers', '499.5 of 500 in 86400 s'],
        ['never people', 'all callers', '0 of 0 in 60 s'],
      ]);
      assert.match(rows[0][3], /^in 4[3-5] s$/);
      assert.equal(rows[1][3], 'in 2 h');
      const fill = await tab.page.locator('meter').evaluateAll((meters) => meters.map(({ value }) => value));
      assert.deepEqual(fill, [0.3, 0.999, 1]);
      assert.deepEqual(await tab.rows('decisions'), [
        ['2026-11-21 05:59:59', 'rejected', 'pay\nby jwt:bob: no', 'jwt:al', '/tools/pay/require_approval/0'],
        ['2026-11-21 05:59:58', 'denied', 'drop\narguments: ["a"]', 'jwt:al', '(default deny)'],
        ['2026-11-21 05:59:58', 'denied', 'tasks/list\nin shadow: denied by (x)', 'jwt:al', '(method)'],
        ['2026-11-21 05:59:58', 'refused', 'ping', '', ''],
        ['2026-11-21 05:59:58', 'refused', 'ping', '', ''],
      ]);
      assert.equal(await tab.text('#approvals + .empty'), 'No calls are pending.');
      gateway.decisions.unshift({ at: '2026-11-21T06:00:01Z', record: { decision: 'allowed', tool: 'pay' } });
      await tab.later();
      assert.deepEqual((await tab.rows('decisions'))[0].slice(0, 3), ['2026-11-21 06:00:01', 'allowed', 'pay']);
      assert.equal((await tab.rows('decisions')).length, 6);
    },
  ));
