// Tools whose definitions a server has changed: what the page shows of them, and that an approver accepts them.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drift } from './gateway.mjs';
import { scene, useBrowser } from './scene.mjs';

useBrowser();

const drifts = (tab) =>
  tab.page.evaluate(() => ({
    hidden: document.querySelector('#changed').hidden,
    items: [...document.querySelectorAll('#drifts li')].map((item) => ({
      title: item.querySelector('h3').textContent,
      difference: item.querySelector('.difference').textContent,
      outcome: item.querySelector('.outcome').textContent,
      canAccept: !item.querySelector('.approve').disabled && !item.querySelector('fieldset').disabled,
    })),
  }));

test('a console without changed tools says nothing of them', () =>
  scene({}, {}, async (gateway, tab) => {
    await tab.ready();
    assert.deepEqual(await drifts(tab), { hidden: true, items: [] });
  }));

test('a changed tool is shown with its difference, and an approver accepts it', () =>
  scene({ drifts: [drift()] }, {}, async (gateway, tab) => {
    await tab.ready();
    const { items: [item] } = await drifts(tab);
    assert.equal(item.title, 'send_mail differs from its pin');
    const expected = [
      '-   "description": "Sends a mail.",',
      '  {',
      '+   "description": "Sends a mail.\\u{200b}",',
      '    "name": "send_mail"',
      '  }',
    ];
    assert.deepEqual(item.difference.split('\n'), expected);
    assert.ok(item.canAccept);
    await tab.page.locator('#drifts .said').fill('a typing error');
    await tab.page.locator('#drifts .approve').focus();
    await tab.page.keyboard.press('Enter');
    await tab.page.waitForFunction(() => document.querySelector('#drifts .outcome').textContent);
    assert.deepEqual(gateway.answered, [{ id: drift().id, decision: 'accept', note: 'a typing error' }]);
    const { items: [accepted] } = await drifts(tab);
    assert.equal(accepted.outcome, 'Accepted, until the gateway gets another configuration.');
    assert.ok(!accepted.canAccept);
  }));

test('a definition that is too long cannot be accepted here', () =>
  scene({ drifts: [drift({ seen: undefined, before: undefined })] }, {}, async (gateway, tab) => {
    await tab.ready();
    const { items: [item] } = await drifts(tab);
    assert.match(item.difference, /too long to be shown here/);
    assert.ok(!item.canAccept);
  }));
