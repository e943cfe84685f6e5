// The page refreshes itself around a person: nothing they are in is rebuilt, moves or is lost.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { approval, at } from './gateway.mjs';
import { scene, useBrowser } from './scene.mjs';

useBrowser();

// Parameters that need a scroll bar.
const long = () => JSON.stringify({ arguments: Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`a${i}`, i])) });
const two = () => [approval({ id: 'a1' }), approval({ id: 'a2', tool: 'second' })];
const focused = (tab) => tab.page.evaluate(() => [document.activeElement.closest('li')?.id, document.activeElement.className]);

test('a half-typed note, the focus, the caret, a selection and the scroll survive refreshes', () =>
  scene({ approvals: [approval({ id: 'a1', params: long() }), approval({ id: 'a2' })] }, {}, async (gateway, tab) => {
    await tab.waitFor('a2');
    await tab.item('a1').locator('.params').evaluate((element) => element.scrollTo(0, 300));
    const note = tab.item('a2').getByLabel('Note');
    await note.fill('half a thought');
    await note.evaluate((input) => input.setSelectionRange(5, 6));
    await tab.page.evaluate(() => document.querySelector('#page').scrollTo(0, 120));
    gateway.approvals.push(approval({ id: 'a3' }));
    const asked = gateway.asked.length;
    await tab.later();
    await tab.later();
    assert.ok(gateway.asked.length >= asked + 6, 'it has refreshed itself twice');
    await tab.item('a3').waitFor();
    assert.deepEqual(await focused(tab), ['a2', 'said']);
    assert.equal(await note.inputValue(), 'half a thought');
    assert.deepEqual(await note.evaluate((input) => [input.selectionStart, input.selectionEnd]), [5, 6]);
    assert.equal(await tab.item('a1').locator('.params').evaluate((element) => element.scrollTop), 300);
    assert.equal(await tab.page.evaluate(() => document.querySelector('#page').scrollTop), 120);
  }));

test('what a reader has unfolded stays unfolded', () =>
  scene({ approvals: [approval({ params: `{"arguments":{"text":"${'x'.repeat(300)}","short":1}}` })] }, {}, async (gateway, tab) => {
    const { id } = approval();
    await tab.waitFor(id);
    const details = tab.item(id).locator('details');
    assert.equal(await tab.item(id).locator('summary').innerText(), `"${'x'.repeat(119)}… 302 characters`);
    assert.equal(await details.locator('.value').isVisible(), false);
    await details.locator('summary').press('Enter');
    assert.equal(await details.locator('.value').innerText(), `"${'x'.repeat(300)}"`);
    gateway.approvals.push(approval({ id: 'a2' }));
    await tab.later();
    await tab.item('a2').waitFor();
    assert.equal(await details.locator('.value').isVisible(), true);
  }));

test('selected text stays selected', () =>
  scene({ approvals: two() }, {}, async (gateway, tab) => {
    await tab.waitFor('a2');
    await tab.page.evaluate(() => getSelection().selectAllChildren(document.querySelector('#a2 .params')));
    const before = await tab.page.evaluate(() => String(getSelection()));
    await tab.later();
    assert.equal(await tab.page.evaluate(() => String(getSelection())), before);
    assert.match(before, /amount/);
  }));

test('new calls appear below, with a message', () =>
  scene({ approvals: two() }, {}, async (gateway, tab) => {
    await tab.waitFor('a2');
    const box = await tab.item('a2').getByRole('button', { name: 'Reject' }).boundingBox();
    // Even if the gateway lists it first.
    gateway.approvals.unshift(approval({ id: 'a0', askedAt: at(0) }));
    await tab.later();
    assert.deepEqual((await tab.approvals()).map(({ id }) => id), ['a1', 'a2', 'a0']);
    assert.deepEqual(await tab.item('a2').getByRole('button', { name: 'Reject' }).boundingBox(), box);
    assert.equal(await tab.text('#news'), 'New pending calls: 1');
    assert.equal(await tab.page.title(), '(3) Approvals');
  }));

test('a call that is over leaves the list at once, and what comes under the pointer is not pressed', () =>
  scene({ approvals: two() }, {}, async (gateway, tab) => {
    await tab.waitFor('a2');
    const box = await tab.item('a1').getByRole('button', { name: 'Approve' }).boundingBox();
    await tab.page.mouse.move(box.x + 5, box.y + 5);
    gateway.approvals.shift();
    await tab.later();
    assert.deepEqual((await tab.approvals()).map(({ id }) => id), ['a2']);
    await tab.page.mouse.click(box.x + 5, box.y + 5);
    assert.equal(await tab.text('#news'), 'The list has just moved: check, then press again');
    assert.deepEqual(gateway.answered, []);
  }));

test('a press right after the list has moved is no answer', () =>
  scene({ approvals: two() }, {}, async (gateway, tab) => {
    await tab.waitFor('a2');
    gateway.approvals.shift();
    await tab.later();
    assert.deepEqual((await tab.approvals()).map(({ id }) => id), ['a2']);
    // Without the driver's patience, which waits until nothing moves.
    const box = await tab.item('a2').getByRole('button', { name: 'Approve' }).boundingBox();
    await tab.page.mouse.click(box.x + 5, box.y + 5);
    assert.equal(await tab.text('#news'), 'The list has just moved: check, then press again');
    assert.ok(!gateway.asked.some((line) => line.startsWith('POST')), gateway.asked.join());
    await tab.answer('a2', 'Approve');
    assert.deepEqual(gateway.answered.map(({ id }) => id), ['a2']);
  }));

test('a call that ends under the keyboard gives the focus to the next one, and to no button', () =>
  scene({ approvals: two() }, {}, async (gateway, tab) => {
    await tab.waitFor('a1');
    await tab.item('a1').getByLabel('Note').focus();
    gateway.approvals.shift();
    await tab.later();
    assert.deepEqual(await focused(tab), ['a2', '']);
    await tab.page.keyboard.press('Enter');
    await tab.page.keyboard.press('Tab');
    assert.deepEqual(await focused(tab), ['a2', 'params']);
    assert.deepEqual(gateway.answered, []);
  }));

test('a hidden tab goes on, and its title says how many calls wait', () =>
  scene({ approvals: two() }, {}, async (gateway, tab) => {
    await tab.waitFor('a2');
    await tab.hide(true);
    await tab.later();
    gateway.approvals.push(approval({ id: 'a3' }));
    await tab.later(10100);
    assert.equal(await tab.page.title(), '(3) Approvals');
    const asked = gateway.asked.length;
    await tab.page.clock.runFor(9000);
    assert.equal(gateway.asked.length, asked, 'it asks less often');
    await tab.hide(false);
    await tab.item('a3').waitFor();
    assert.ok(gateway.asked.length > asked, 'and at once when it comes back');
  }));

test('an approval that the address names is gone to', () =>
  scene({ approvals: [approval({ params: long() }), approval({ id: 'a2', params: long() }), approval({ id: 'a3' })] }, { hash: '#a3', height: 500 }, async (gateway, tab) => {
    await tab.waitFor('a3');
    assert.deepEqual(await focused(tab), ['a3', '']);
    assert.ok(await tab.page.evaluate(() => document.querySelector('#page').scrollTop > 0));
    await tab.page.evaluate(() => { location.hash = '#gone'; });
    const told = 'The approval in the address has expired';
    assert.equal(await tab.says('#news', told), told);
    assert.deepEqual(await focused(tab), ['a3', '']);
  }));

test('an unreachable gateway is reported, and the page reconnects', () =>
  scene({ approvals: two() }, {}, async (gateway, tab) => {
    await tab.waitFor('a2');
    assert.equal(await tab.text('#link'), 'Live');
    await tab.item('a1').getByLabel('Note').fill('kept');
    await gateway.stop();
    await tab.page.clock.runFor(2100);
    const told = 'Not up to date: the gateway cannot be reached; trying again';
    assert.equal(await tab.says('#link', told), told);
    // The line that tells it may have moved the list.
    await tab.waitFor('a1');
    await tab.item('a1').getByRole('button', { name: 'Approve' }).click();
    const lost = 'Not decided: create_charge: the gateway cannot be reached; it may have received the decision';
    assert.equal(await tab.says('#news', lost), lost);
    await gateway.start();
    await tab.page.clock.runFor(2100);
    assert.equal(await tab.says('#link', 'Live'), 'Live');
    assert.equal(await tab.item('a1').getByLabel('Note').inputValue(), 'kept');
  }));
