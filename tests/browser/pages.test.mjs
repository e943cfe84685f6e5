// Long lists come in pages, and a list that has not changed is not sent again.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { approval, at } from './gateway.mjs';
import { scene, useBrowser } from './scene.mjs';

useBrowser();

const approvals = (count) => Array.from({ length: count }, (_, i) => approval({ id: `a${i}`, askedAt: at(i - 60) }));
const decision = (i) => ({ at: at(-i), record: { decision: 'denied', tool: `t${i}` } });
const ids = async (tab) => (await tab.approvals()).map(({ id }) => id);
const tools = async (tab) => (await tab.rows('decisions')).map(([, , tool]) => tool);

test('the next page of a list is shown behind the first one, and stays', () =>
  scene({ pageSize: 2, approvals: approvals(5), decisions: [0, 1, 2].map(decision) }, {}, async (gateway, tab) => {
    await tab.waitFor('a1');
    assert.deepEqual(await ids(tab), ['a0', 'a1']);
    assert.equal(await tab.page.title(), '(5) Approvals', 'the title counts all pending calls');
    const more = tab.page.getByRole('button', { name: 'Show more approvals' });
    await more.click();
    await tab.waitFor('a3');
    assert.equal(await tab.text('#news'), '', 'an older page is no news');
    await more.click();
    await tab.waitFor('a4');
    assert.deepEqual(await ids(tab), ['a0', 'a1', 'a2', 'a3', 'a4']);
    assert.equal(await more.isVisible(), false, 'there is no further page');
    await tab.later();
    assert.deepEqual(await ids(tab), ['a0', 'a1', 'a2', 'a3', 'a4']);
    await tab.answer('a4', 'Reject', 'no');
    assert.deepEqual(gateway.answered.map(({ id }) => id), ['a4']);
  }));

test('decisions stay sorted when an older page and newer decisions come', () =>
  scene({ pageSize: 2, decisions: [1, 2, 3].map(decision) }, {}, async (gateway, tab) => {
    await tab.page.locator('#decisions > tr').first().waitFor();
    assert.deepEqual(await tools(tab), ['t1', 't2']);
    await tab.page.getByRole('button', { name: 'Show more decisions' }).click();
    await tab.page.locator('#decisions > tr').nth(2).waitFor();
    assert.deepEqual(await tools(tab), ['t1', 't2', 't3']);
    gateway.decisions.unshift(decision(0));
    await tab.later();
    assert.deepEqual(await tools(tab), ['t0', 't1', 't2', 't3']);
  }));

test('a list that has not changed is not sent again, and its times go on', () =>
  scene({ approvals: approvals(2) }, {}, async (gateway, tab) => {
    await tab.waitFor('a1');
    const before = gateway.unchanged.length;
    await tab.later(2100);
    assert.deepEqual(gateway.unchanged.slice(before).sort(), ['GET /api/approvals', 'GET /api/counters', 'GET /api/decisions', 'GET /api/drifts']);
    await tab.page.clock.runFor(60000);
    await tab.later(2100);
    const [{ asked }] = await tab.approvals();
    assert.match(asked, / 2 min ago, 7 min left$/);
    gateway.approvals.push(approval({ id: 'a2', askedAt: at(0) }));
    await tab.later();
    await tab.item('a2').waitFor();
  }));

test('an approval that the address names is found on a later page', () =>
  scene({ pageSize: 2, approvals: approvals(5) }, { hash: '#a4' }, async (gateway, tab) => {
    await tab.waitFor('a4');
    assert.equal(await tab.page.evaluate(() => document.activeElement.id), 'a4');
    assert.equal(await tab.text('#news'), '');
  }));

test('parameters have a member a line, and deep ones stay short', () => {
  const deep = `{"arguments":{"a":${'['.repeat(1000)}1,2${']'.repeat(1000)}}}`;
  const lists = [
    approval({ id: 'a1', params: '{"name":"create_charge","arguments":{"a":{},"b\\"}":[],"c":[1,{"d":"x, {y}: \\"[z]\\\\"}],"e":null},"task":{"ttl":60}}' }),
    approval({ id: 'a2', params: deep }),
  ];
  return scene({ approvals: lists }, {}, async (gateway, tab) => {
    await tab.waitFor('a2');
    const [first] = await tab.approvals();
    assert.deepEqual(first.params, [
      ['a', '{}'],
      ['b"}', '[]'],
      ['c', '[\n  1,\n  {\n    "d": "x, {y}: \\"[z]\\\\"\n  }\n]'],
      ['e', 'null'],
      ['task', '{\n  "ttl": 60\n}'],
    ]);
    const beside = tab.page.locator('#a1 .beside');
    assert.deepEqual(await beside.evaluateAll((marks) => marks.map((mark) => mark.checkVisibility())), [false, false, false, false, true]);
    const length = await tab.page.locator('#a2 .params').evaluate((element) => element.textContent.length);
    assert.ok(length < 34 * deep.length, `${length} characters of ${deep.length}`);
  });
});
