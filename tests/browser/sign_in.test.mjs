// Who the reader is: by a token in the address, in a field, or by nothing that the page knows of.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { approval } from './gateway.mjs';
import { scene, useBrowser } from './scene.mjs';

useBrowser();

const TOKEN = 'Zm9v+YmFy/_-~.=';
const ID = approval().id;
const WHY = "Not signed in: send an approver's token";

test('a token in the address is used, and leaves the address and its history', () =>
  scene({ token: TOKEN, approvals: [approval()] }, { hash: `#token=${TOKEN}` }, async (gateway, tab) => {
    await tab.item(ID).waitFor();
    assert.equal(tab.page.url(), `${gateway.url}/`);
    assert.equal(await tab.page.evaluate(() => history.length), 2, 'about:blank and this page');
    assert.equal(await tab.page.locator('#signin').isVisible(), false);
    assert.ok(gateway.asked.every((line) => !line.includes('token')), gateway.asked.join());
    // On no disk, and for no other server of this machine.
    assert.deepEqual(await tab.page.evaluate(() => [sessionStorage.length, localStorage.length, document.cookie]), [1, 0, '']);
    await tab.page.reload();
    await tab.item(ID).waitFor();
  }));

test('an unknown visitor sees why, and signs in with a token', () =>
  scene({ token: TOKEN, approvals: [approval()] }, {}, async (gateway, tab) => {
    await tab.page.locator('#signin').waitFor();
    assert.equal(await tab.text('#why'), WHY);
    assert.equal(await tab.text('#link'), 'Not signed in');
    assert.equal(await tab.page.locator('#lists').isVisible(), false);
    // It does not go on asking, and the field has the focus.
    const asked = gateway.asked.length;
    await tab.page.clock.runFor(10000);
    assert.equal(gateway.asked.length, asked);
    await tab.page.keyboard.type('wrong');
    await tab.page.keyboard.press('Enter');
    await tab.page.waitForFunction(() => document.activeElement.id === 'token' && !document.activeElement.value);
    assert.equal(await tab.text('#why'), WHY);
    // What no header can hold is not sent.
    await tab.page.keyboard.type('two words');
    await tab.page.keyboard.press('Enter');
    assert.equal(await tab.page.locator('#token:invalid').count(), 1);
    await tab.page.getByLabel('Token').fill(TOKEN);
    await tab.page.getByRole('button', { name: 'Sign in' }).click();
    await tab.answer(ID, 'Approve');
    assert.deepEqual(gateway.answered, [{ id: ID, decision: 'approve', note: undefined }]);
  }));

test('who is no approver any more sees nothing any more', () =>
  scene({ token: TOKEN, approvals: [approval()] }, { hash: `#token=${TOKEN}` }, async (gateway, tab) => {
    await tab.item(ID).waitFor();
    gateway.token = 'another';
    await tab.later();
    await tab.page.locator('#signin').waitFor();
    assert.equal(await tab.page.locator('#lists').isVisible(), false);
  }));

test('a token that comes with a link into the open page is taken', () =>
  scene({ token: TOKEN, approvals: [approval()] }, {}, async (gateway, tab) => {
    await tab.page.locator('#signin').waitFor();
    await tab.page.evaluate((token) => { location.hash = `#token=${token}`; }, TOKEN);
    await tab.item(ID).waitFor();
    assert.equal(tab.page.url(), `${gateway.url}/`);
  }));

test('a new tab is signed in by an open one, and signing out ends it in all of them', () =>
  scene({ token: TOKEN, approvals: [approval()] }, { hash: `#token=${TOKEN}` }, async (gateway, tab) => {
    await tab.item(ID).waitFor();
    const link = await tab.another(`#${ID}`);
    await link.item(ID).waitFor();
    assert.deepEqual(await link.page.evaluate(() => [localStorage.length, document.cookie]), [0, '']);
    await link.page.getByRole('button', { name: 'Sign out' }).click();
    for (const one of [link, tab]) {
      await one.page.locator('#signin').waitFor();
      assert.equal(await one.page.evaluate(() => sessionStorage.length), 0);
      assert.equal(await one.page.locator('#approvals > li').count(), 0);
    }
    const third = await tab.another();
    await third.page.locator('#signin').waitFor();
  }));

test('without a token there is nothing to sign out of', () =>
  scene({ approvals: [approval()] }, {}, async (gateway, tab) => {
    await tab.item(ID).waitFor();
    assert.equal(await tab.page.locator('#signout').isVisible(), false);
  }));
