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
      params: [['amount', '1e2']],
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
    await tab.item(ID).focus();
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
    await tab.item(ID).waitFor({ state: 'detached' });
    assert.deepEqual(gateway.answered, [{ id: ID, decision: 'approve', note: 'checked with the customer' }]);
    assert.deepEqual(await tab.approvals(), [], 'an answered call leaves the pending ones at once');
    const [[call, caller, outcome]] = await tab.rows('answers');
    assert.deepEqual([call, caller], ['create_charge', 'address:127.0.0.1']);
    assert.match(outcome, /^approved by bearer:9f86d081884c7d65: checked with the customer; the agent has [89] min to repeat the call$/);
    assert.equal(await tab.page.evaluate(() => document.activeElement.id), 'pending');
    await tab.later();
    assert.equal(await tab.text('#news'), 'Approved: create_charge passes once, when the agent repeats the call');
    assert.equal(await tab.page.title(), 'Approvals');
  }));

test('a rejection needs a note, which the page asks for', () =>
  scene({ approvals: [approval()] }, {}, async (gateway, tab) => {
    await tab.waitFor(ID);
    const note = tab.item(ID).getByLabel('Note');
    for (const text of ['', '  ']) {
      await note.fill(text);
      await tab.item(ID).getByRole('button', { name: 'Reject' }).click();
      assert.equal(await tab.text('#news'), 'Write in the note why you reject it: the agent reads that');
      assert.equal(await note.getAttribute('aria-invalid'), 'true');
      assert.equal(await tab.page.evaluate(() => document.activeElement.className), 'said');
    }
    assert.deepEqual(gateway.answered, []);
    await tab.answer(ID, 'Reject', ' too much ');
    assert.deepEqual(gateway.answered, [{ id: ID, decision: 'reject', note: 'too much' }]);
    assert.deepEqual(await tab.rows('answers'), [['create_charge', 'address:127.0.0.1', 'rejected by bearer:9f86d081884c7d65: too much']]);
    assert.equal(await tab.text('#news'), 'Rejected: create_charge');
  }));

test('a decision that comes too late is reported', () =>
  scene({ approvals: [approval()] }, {}, async (gateway, tab) => {
    await tab.waitFor(ID);
    Object.assign(gateway.approvals[0], { state: 'rejected', approver: 'jwt:bob', note: 'not today' });
    await tab.item(ID).getByRole('button', { name: 'Approve' }).click();
    await tab.item(ID).waitFor({ state: 'detached' });
    assert.equal(await tab.text('#news'), 'Not decided: create_charge: this was rejected already by `jwt:bob`');
    assert.equal((await tab.rows('answers'))[0][2], 'rejected by jwt:bob: not today');
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
      await tab.waitFor('a2');
      const shown = await tab.approvals();
      assert.deepEqual(shown.map(({ outcome, answers }) => [outcome, answers]), [
        ['This is your own call: the agent and you are both address:127.0.0.1. Another approver has to decide.', []],
        ['The parameters are lost: this call cannot be approved.', ['Reject']],
      ]);
      assert.deepEqual(shown[1].params, []);
    },
  ));

test('counters show how full they are, and decisions what was decided', () =>
  scene(
    {
      counters: [
        { filter: 'f', policy: 'default', counter: 'images', scope: 'grant', grant: 'jwt:al', window: 60, max: 10, used: 3, resetAt: at(45) },
        { filter: 'f', policy: 'people', counter: 'spent', scope: 'global', window: 86400, max: 50000, used: 49950.5, resetAt: at(7300) },
        { filter: 'f', policy: 'people', counter: '/tools/create_customer', scope: 'global', window: 3600, algorithm: 'sliding', max: 0, used: 0, resetAt: at(45) },
        { filter: 'f', policy: 'people', counter: 'weekly', scope: 'global', window: 604800, max: 2, used: 1, resetAt: at(45) },
      ],
      decisions: [
        { at: '2026-11-21T05:59:59Z', record: { decision: 'rejected', rule: '/tools/pay/require_approval/0', grant: 'jwt:al', method: 'tools/call', tool: 'pay', approval: { id: ID, approver: 'jwt:bob', note: 'no' } } },
        { at: '2026-11-21T05:59:58Z', record: { decision: 'denied', rule: '(default deny)', grant: 'jwt:al', method: 'tools/call', tool: 'drop', arguments: ['a'] } },
        { at: '2026-11-21T05:59:58Z', record: { decision: 'denied', rule: '(method)', grant: 'jwt:al', method: 'tasks/list', shadow: { decision: 'denied', rule: '(x)' } } },
        { at: '2026-11-21T05:59:58Z', record: { decision: 'refused', method: 'ping' } },
        { at: '2026-11-21T05:59:58Z', record: { decision: 'refused', method: 'ping' } },
        { at: '2026-11-21T05:59:57Z', record: { decision: 'allowed', tool: 'note', redacted: { email: 2, jwt: 1 } } },
        { at: '2026-11-21T05:59:56Z', record: { decision: 'denied', rule: '/tools/note/results/deny_if/0', tool: 'note', redacted: { email: 1 }, shadowRedacted: { iban: 1 } } },
      ],
    },
    {},
    async (gateway, tab) => {
      await tab.page.locator('#decisions > tr').first().waitFor();
      const rows = await tab.rows('counters');
      assert.deepEqual(rows.map((row) => row.slice(0, 3)), [
        ['images default', 'jwt:al', '3 of 10 this minute'],
        ['spent people', 'all callers', '49,950.5 of 50,000 today'],
        ['calls of create_customer people', 'all callers', '0 of 0 in the last hour'],
        ['weekly people', 'all callers', '1 of 2 in 7 days'],
      ]);
      assert.match(rows[0][3], /^in 4[3-5] s$/);
      assert.equal(rows[1][3], 'in 2 h');
      const fill = await tab.page.locator('meter').evaluateAll((meters) => meters.map(({ value }) => value));
      assert.deepEqual(fill, [0.3, 0.99901, 1, 0.5]);
      assert.deepEqual(await tab.rows('decisions'), [
        ['2026-11-21 05:59:59', 'rejected', 'pay\nby jwt:bob: no', 'jwt:al', '/tools/pay/require_approval/0'],
        ['2026-11-21 05:59:58', 'denied', 'drop\narguments: ["a"]', 'jwt:al', '(default deny)'],
        ['2026-11-21 05:59:58', 'denied', 'tasks/list\nin shadow: denied by (x)', 'jwt:al', '(method)'],
        ['2026-11-21 05:59:58', 'refused', 'ping', '', ''],
        ['2026-11-21 05:59:58', 'refused', 'ping', '', ''],
        ['2026-11-21 05:59:57', 'allowed', 'note\nfound in the answer: email 2, jwt 1', '', ''],
        ['2026-11-21 05:59:56', 'denied', 'note\nfound in the answer: email 1; in shadow: found in the answer: iban 1', '', '/tools/note/results/deny_if/0'],
      ]);
      assert.equal(await tab.text('#finds'), 'Found in the answers to these calls: email 3, jwt 1');
      assert.equal(await tab.text('#approvals + .empty'), 'No calls are pending.');
      gateway.decisions.unshift({ at: '2026-11-21T06:00:01Z', record: { decision: 'allowed', tool: 'pay' } });
      await tab.later();
      assert.deepEqual((await tab.rows('decisions'))[0].slice(0, 3), ['2026-11-21 06:00:01', 'allowed', 'pay']);
      assert.equal((await tab.rows('decisions')).length, 8);
    },
  ));

test('approve and reject cannot be confused, and lie apart', () =>
  scene({ approvals: [approval()] }, {}, async (gateway, tab) => {
    await tab.waitFor(ID);
    const looks = (name) =>
      tab.item(ID).getByRole('button', { name }).evaluate((button) => {
        const { backgroundColor, color } = getComputedStyle(button);
        const { left, right, top, bottom } = button.getBoundingClientRect();
        return { backgroundColor, color, sign: getComputedStyle(button, '::before').content, left, right, top, bottom };
      });
    const [yes, no] = [await looks('Approve'), await looks('Reject')];
    for (const part of ['backgroundColor', 'color', 'sign']) assert.notEqual(yes[part], no[part], part);
    assert.ok(no.left - yes.right >= 24 || no.top - yes.bottom >= 8, JSON.stringify([yes, no]));
  }));

test('the page tells used from expired', () =>
  scene(
    { approvals: ['a1', 'a2', 'a3', 'a4'].map((id, i) => approval({ id, askedAt: at(i - 60), expiresAt: at(['a2', 'a3'].includes(id) ? 2 : 540), ...(['a1', 'a3'].includes(id) && { state: 'approved', approver: 'jwt:bob' }) })) },
    {},
    async (gateway, tab) => {
      await tab.waitFor('a4');
      gateway.approvals.length = 0;
      gateway.moved = 4;
      gateway.decisions.unshift({ at: at(1), record: { decision: 'allowed', tool: 'create_charge', approval: { id: 'a1', approver: 'jwt:bob' } } });
      await tab.later(4100);
      assert.deepEqual(await tab.approvals(), []);
      assert.deepEqual((await tab.rows('answers')).map(([, , outcome]) => outcome).sort(), [
        'Expired: no approver answered in time',
        'Expired: the agent did not repeat the call in time',
        'Over: the gateway does not say whether the call has passed',
        'Used: the call has passed',
      ]);
    },
  ));

test('no message covers a button, wherever the page is scrolled', () =>
  scene({ approvals: Array.from({ length: 8 }, (_, i) => approval({ id: `a${i}`, askedAt: at(i - 60) })), unwilling: [403, 'no '.repeat(400)] }, { width: 390 }, async (gateway, tab) => {
    await tab.waitFor('a7');
    for (const id of ['a0', 'a3', 'a7']) {
      const button = tab.item(id).getByRole('button', { name: 'Approve' });
      await button.scrollIntoViewIfNeeded();
      await tab.page.waitForTimeout(800);
      await button.click();
      await tab.page.waitForFunction(() => document.querySelector('#news').innerText.length > 400);
      await button.scrollIntoViewIfNeeded();
      const isOnTop = await button.evaluate((element) => {
        const { left, top, width, height } = element.getBoundingClientRect();
        return element.contains(document.elementFromPoint(left + width / 2, top + height / 2));
      });
      assert.ok(isOnTop, id);
    }
    const [page, news] = [await tab.page.locator('#page').boundingBox(), await tab.page.locator('#news').boundingBox()];
    assert.ok(page.y + page.height <= news.y + 0.5, 'the message has its own row');
  }));

test('names and rules break between words only', () => {
  const rule = '/tools/create_refund/require_approval/0';
  const decisions = [{ at: at(-1), record: { decision: 'denied', rule, grant: 'address:127.0.0.1', tool: 'create_refund_of_customer' } }];
  return scene({ decisions }, { width: 900 }, async (gateway, tab) => {
    await tab.page.locator('#decisions > tr').waitFor();
    for (const name of ['rule', 'tool', 'grant']) {
      const broken = await tab.page.locator(`#decisions .${name}`).evaluate((element) =>
        [...element.querySelectorAll('.word')].filter((word) => word.getClientRects().length > 1).map((word) => word.textContent));
      assert.deepEqual(broken, [], name);
    }
    assert.equal(await tab.text('#decisions .rule'), rule);
  });
});

test('an approver reads what the call uses of a limit, as full as it is now, and what the server says of the tool', () =>
  scene(
    {
      approvals: [
        approval({
          description: 'Charges a card.', class: 'destructive',
          uses: [
            { counter: 'charged', cost: 500, used: 20000, max: 30000, window: 86400, scope: 'grant' },
            { counter: '/tools/create_charge', cost: 1, used: 2, max: 5, window: 60, scope: 'grant' },
            { counter: 'all', cost: 1, window: 3600, scope: 'global' },
          ],
        }),
        approval({ id: 'a2' }),
      ],
      counters: [
        { filter: 'mcp-policy', policy: 'default', counter: 'charged', scope: 'grant', grant: 'address:127.0.0.1', window: 86400, max: 30000, used: 25000, resetAt: at(18000) },
        { filter: 'mcp-policy', policy: 'default', counter: '/tools/create_charge', scope: 'grant', grant: 'address:10.0.0.1', window: 60, max: 5, used: 5, resetAt: at(40) },
        { filter: 'other', policy: 'default', counter: 'charged', scope: 'grant', grant: 'address:127.0.0.1', window: 86400, max: 30000, used: 1, resetAt: at(18000) },
      ],
    },
    {},
    async (gateway, tab) => {
      await tab.waitFor('a2');
      const uses = () => tab.item(ID).locator('.uses').innerText();
      assert.equal(await uses(), 'Uses 500 of charged: 25,000 of 30,000 today; 1 of calls of create_charge: 2 of 5 this minute; 1 of all: this hour');
      assert.equal(await tab.item(ID).locator('.told').innerText(), 'The server says: destructive Charges a card.');
      for (const part of ['.uses', '.told']) assert.equal(await tab.item('a2').locator(part).isVisible(), false, part);
      gateway.counters[0].used = 25500;
      await tab.later();
      assert.match(await uses(), /^Uses 500 of charged: 25,500 of 30,000 today;/);
    },
  ));

test('decisions are filtered and searched, older pages too', () => {
  const record = (decision, other = {}) => ({ decision, grant: 'jwt:al', tool: 'pay', method: 'tools/call', rule: '/r', ...other });
  const decisions = [
    record('denied'), record('rate_limited'), record('allowed', { approval: { id: ID, approver: 'jwt:bob' } }), record('approval_required', { tool: 'Refund' }),
    record('rejected', { approval: { id: ID, approver: 'jwt:bob', note: 'too much' } }), record('refused', { grant: 'jwt:eve' }), record('failed'),
  ].map((one, i) => ({ at: at(-i), record: one }));
  return scene({ decisions, pageSize: 3 }, {}, async (gateway, tab) => {
    await tab.page.locator('#decisions > tr').first().waitFor();
    const shown = async (count) => {
      await tab.page.waitForFunction((count) => document.querySelectorAll('#decisions > tr').length === count, count);
      return (await tab.rows('decisions')).map(([, decision]) => decision);
    };
    assert.deepEqual(await shown(3), ['denied', 'rate limited', 'allowed']);
    await tab.page.getByLabel('Show').selectOption({ label: 'denied, refused or failed' });
    assert.deepEqual(await shown(3), ['denied', 'refused', 'failed']);
    await tab.page.getByLabel('Show').selectOption({ label: 'about approvals' });
    assert.deepEqual(await shown(3), ['allowed', 'approval required', 'rejected']);
    await tab.page.getByLabel('Search').fill('refund');
    assert.deepEqual(await shown(1), ['approval required']);
    await tab.page.getByLabel('Show').selectOption({ label: 'all decisions' });
    await tab.page.getByLabel('Search').fill('JWT:EVE');
    assert.deepEqual(await shown(1), ['refused']);
    await tab.page.getByLabel('Search').fill('nothing like this');
    await shown(0);
    assert.equal(await tab.page.locator('.empty', { hasText: 'No such decisions.' }).isVisible(), true);
    gateway.decisions.unshift({ at: at(1), record: record('denied', { tool: 'nothing like this' }) });
    await tab.later();
    assert.deepEqual(await shown(1), ['denied']);
  });
});

test('a hidden tab announces a new call, if the reader has asked for it', () =>
  scene({ approvals: [] }, {}, async (gateway, tab) => {
    await tab.ready();
    // What the browser would show.
    await tab.page.evaluate(() => {
      globalThis.announced = [];
      globalThis.Notification = class {
        static permission = 'default';
        static requestPermission = async () => (Notification.permission = 'granted');
        constructor(title, { body, tag }) {
          announced.push([title, body, tag]);
          announced.last = this;
        }
      };
    });
    const add = async (id) => {
      gateway.approvals.push(approval({ id, tool: 'pay\u202e', askedAt: at((gateway.moved += 30)) }));
      await tab.later(10100);
      await tab.item(id).waitFor();
    };
    await tab.later();
    const button = tab.page.getByRole('button', { name: 'Notify me' });
    assert.equal(await button.getAttribute('aria-pressed'), 'false');
    await tab.hide(true);
    await add('a1');
    await tab.hide(false);
    await button.click();
    await tab.page.locator('#notify[aria-pressed=true]').waitFor();
    await add('a2');
    await tab.hide(true);
    await add('a3');
    assert.deepEqual(await tab.page.evaluate(() => announced), [['A call waits for approval', 'pay\\u{202e}, called by address:127.0.0.1', 'a3']]);
    await tab.page.evaluate(() => announced.last.onclick());
    await tab.page.waitForFunction(() => document.activeElement.id === 'a3');
    await tab.hide(false);
    await button.click();
    await tab.page.locator('#notify[aria-pressed=false]').waitFor();
  }));

// The steps of a script, without the start of the browser.
const FROM_NOTICE_MS = 10000;

test('from the address in a notice to a decision takes less than ten seconds', () =>
  scene({ token: 'secret', approvals: [approval({ id: 'a1' }), approval()] }, { clock: false }, async (gateway, tab) => {
    const began = performance.now();
    await tab.page.goto(`${gateway.url}/#${ID}`);
    await tab.page.getByLabel('Token').fill('secret');
    await tab.page.getByRole('button', { name: 'Sign in' }).click();
    await tab.page.waitForFunction((id) => document.activeElement.id === id, ID);
    await tab.answer(ID, 'Approve', 'as agreed');
    const took = performance.now() - began;
    assert.deepEqual(gateway.answered, [{ id: ID, decision: 'approve', note: 'as agreed' }]);
    assert.ok(took < FROM_NOTICE_MS, `${took} ms`);
  }));
