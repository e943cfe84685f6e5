// Whatever a caller writes is shown as the text it is, and does nothing.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { approval } from './gateway.mjs';
import { scene, useBrowser } from './scene.mjs';

useBrowser();

const MARKUP = [
  '<script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  '"><svg/onload=alert(1)>',
  '</code></pre></template><iframe srcdoc="<script>parent.alert(1)</script>">',
  '<style>*{display:none}</style>',
  '<a href="javascript:alert(1)">click</a>',
  '<base href="//evil.example/">',
  '{{constructor.constructor("alert(1)")()}}',
  '&lt;b&gt;',
];

// Each in every place where a caller's text is shown.
const everywhere = (text) => ({
  approvals: [
    approval({ id: 'a1', tool: text, grant: text, params: text, description: text, reason: text, rule: text, policy: text, filter: text, method: text, route: text, cluster: text }),
    approval({ id: 'a2', state: 'rejected', approver: text, note: text }),
  ],
  counters: [{ filter: text, policy: text, counter: text, scope: 'grant', grant: text, window: 60, max: 1, used: 1, resetAt: '2026-11-21T06:00:00Z' }],
  decisions: [{
    at: '2026-11-21T05:59:59Z',
    record: {
      decision: 'denied', rule: text, grant: text, method: text, tool: text, arguments: [text],
      approval: { id: text, approver: text, note: text }, shadow: { decision: text, rule: text },
    },
  }],
});

test('markup is text in every place', () => {
  const state = everywhere(MARKUP.join(' '));
  const [name, value] = [MARKUP.join(' '), JSON.stringify(MARKUP.join(' '))];
  Object.assign(state.approvals[0], { params: `{"arguments":{${value}:${value}}}`, description: name, class: name, uses: [{ counter: name, cost: 1, used: 1, max: 2, window: 60, scope: 'grant' }] });
  return scene(state, {}, async (gateway, tab) => {
    await tab.waitFor('a1');
    await tab.later();
    assert.deepEqual((await tab.approvals())[0].params, [[name, value]]);
    assert.equal(await tab.page.locator('#a1 .front').evaluate((element) => element.textContent), value.slice(0, 120));
    const places = ['#a1 .description', '#a1 .class', '#a1 .tool', '#a1 .grant', '#a1 .reason', '#a1 .rule', '#a1 .route', '#a1 .cluster', '#counters .counter', '#decisions .tool', '#decisions .rule'];
    for (const place of places) {
      assert.equal(await tab.page.locator(place).evaluate((element) => element.textContent), MARKUP.join(' '), place);
    }
    assert.equal(await tab.page.locator('#answers .outcome').evaluate((e) => e.textContent), `rejected by ${MARKUP.join(' ')}: ${MARKUP.join(' ')}`);
    const foreign = 'main :is(script, img, svg, iframe, style, a, base, b)';
    assert.equal(await tab.page.locator(foreign).count(), 0);
    await tab.answer('a1', 'Reject', MARKUP.join(' '));
    assert.equal(gateway.answered[0].note, MARKUP.join(' '));
  });
});

test('an error with markup in it is text', () =>
  scene({ approvals: [approval()], unwilling: [400, MARKUP.join(' ')] }, {}, async (gateway, tab) => {
    const { id } = approval();
    await tab.waitFor(id);
    await tab.item(id).getByRole('button', { name: 'Approve' }).click();
    const told = `Not decided: create_charge: ${MARKUP.join(' ')}`;
    assert.equal(await tab.says('#news', told), told);
    assert.equal(await tab.page.locator('#news > *').count(), 0);
  }));

const UNSEEN = [
  ['a zero-width space', '\u200b'],
  ['a right-to-left override', '\u202e'],
  ['an isolate', '\u2066'],
  ['a soft hyphen', '\u00ad'],
  ['U+00A0 NO-BREAK SPACE', '\u00a0'],
  ['a Hangul filler', '\u3164'],
  ['a blank Braille pattern', '\u2800'],
  ['a variation selector', '\ufe0f'],
  ['a tag character', '\u{e0041}'],
  ['a private character', '\ue000'],
  ['an escape', '\u001b'],
  ['a tab', '\t'],
  ['a carriage return', '\r'],
  ['a line separator', '\u2028'],
  ['an unassigned character', '\u0378'],
  ['half a pair', '\ud800'],
];

test('characters that cannot be seen are shown by their numbers, and marked', async () => {
  for (const [what, character] of UNSEEN) {
    await scene(everywhere(`pay${character}ee`), {}, async (gateway, tab) => {
      await tab.waitFor('a1');
      const shown = `pay\\u{${character.codePointAt(0).toString(16)}}ee`;
      for (const place of ['#a1 .tool', '#a1 .params .value', '#a1 .description', '#a1 .grant', '#a1 .reason', '#decisions .tool']) {
        assert.equal(await tab.text(place), shown, `${what} in ${place}`);
      }
      assert.equal(await tab.text('#answers .outcome'), `rejected by ${shown}: ${shown}`, what);
      const mark = tab.page.locator('#a1 .tool .odd');
      assert.equal(await mark.getAttribute('title'), 'invisible or misleading character', what);
      assert.notEqual(await mark.evaluate((element) => getComputedStyle(element).backgroundColor), 'rgba(0, 0, 0, 0)', what);
    });
  }
});

test('lines break in what was sent, and nowhere else', () =>
  scene(everywhere('a\nb'), {}, async (gateway, tab) => {
    await tab.waitFor('a1');
    assert.equal(await tab.text('#a1 .params .value'), 'a\nb');
    assert.equal(await tab.text('#a1 .tool'), 'a\\u{a}b');
  }));

test('letters that run from right to left change no order', () =>
  scene({ approvals: [approval({ params: '"א 1 ב 2"' })] }, {}, async (gateway, tab) => {
    await tab.waitFor(approval().id);
    const lefts = await tab.page.locator('.params .value').evaluate((element) => {
      const range = document.createRange();
      return [...element.firstChild.data].map((_, i) => {
        range.setStart(element.firstChild, i);
        range.setEnd(element.firstChild, i + 1);
        return range.getBoundingClientRect().left;
      });
    });
    assert.deepEqual(lefts, lefts.toSorted((a, b) => a - b));
  }));

test('however long a text is, the buttons stay near', () =>
  scene(everywhere('x'.repeat(3000) + '\n'.repeat(3000)), { width: 390 }, async (gateway, tab) => {
    await tab.waitFor('a1');
    const { height } = await tab.item('a1').boundingBox();
    assert.ok(height < 1000, `it is ${height} pixels high`);
    assert.match(await tab.text('#a1 summary'), /… 6,000 characters$/);
    assert.equal(await tab.page.evaluate(() => document.querySelector('#page').scrollWidth), 390, 'the page is no wider than the phone');
  }));
