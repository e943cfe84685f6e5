// Light and dark, on a desk and on a phone.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { approval, at } from './gateway.mjs';
import { scene, useBrowser } from './scene.mjs';

useBrowser();

const state = () => ({
  approvals: [approval(), approval({ id: 'a2', state: 'approved', approver: 'jwt:bob' })],
  counters: [{ filter: 'f', policy: 'p', counter: 'c', scope: 'global', window: 60, max: 10, used: 3, resetAt: at(45) }],
  decisions: ['denied', 'approved', 'rate_limited'].map((decision) => ({ at: at(0), record: { decision, tool: 't', grant: 'g', rule: 'r' } })),
});

// The least contrast of any text with what lies behind it, after WCAG 2.
function leastContrast() {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const rgb = (color) => {
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const luminance = (color) => {
    const [r, g, b] = rgb(color).map((c) => (c / 255 <= 0.03928 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    const color = getComputedStyle(element).backgroundColor;
    return color === 'rgba(0, 0, 0, 0)' ? behind(element.parentElement) : color;
  };
  const withText = [...document.querySelectorAll('body *')].filter(
    (element) => element.checkVisibility({ visibilityProperty: true }) && [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim()),
  );
  const contrasts = withText.map((element) => {
    const [a, b] = [luminance(getComputedStyle(element).color), luminance(behind(element))];
    return [(Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05), element.outerHTML.slice(0, 60)];
  });
  return { least: contrasts.sort(([a], [b]) => a - b)[0], texts: contrasts.length };
}

for (const dark of [false, true]) {
  test(`every text can be read, ${dark ? 'dark' : 'light'}`, () =>
    scene(state(), { dark }, async (gateway, tab) => {
      await tab.waitFor(approval().id);
      const page = await tab.page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      assert.equal(page, dark ? 'rgb(20, 23, 27)' : 'rgb(245, 246, 248)');
      const { least, texts } = await tab.page.evaluate(leastContrast);
      assert.ok(texts > 30, `${texts} texts were looked at`);
      assert.ok(least[0] >= 4.5, `${least}`);
    }));
}

test('on a phone nothing is wider than the page, and buttons are large enough', () =>
  scene(state(), { width: 360, height: 640 }, async (gateway, tab) => {
    await tab.waitFor(approval().id);
    assert.equal(await tab.page.evaluate(() => document.querySelector('#page').scrollWidth), 360);
    for (const name of ['Approve', 'Reject']) {
      const { height, width } = await tab.item(approval().id).getByRole('button', { name }).boundingBox();
      assert.ok(height >= 24 && width >= 44, `${name}: ${width} by ${height}`);
    }
  }));
