// What each test begins with: a gateway with something in it, and the console before it.

import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { Console, startBrowser } from './console.mjs';
import { Gateway } from './gateway.mjs';

let browser;

// One browser for all tests of a file.
export function useBrowser() {
  before(async () => {
    browser = await startBrowser();
  });
  after(() => browser.close());
}

// Runs `play` with a gateway in this state, and the console in a tab of its own; both are gone afterwards. No scene ends
// well in which the page has done what no page may.
export async function scene(state, options, play) {
  const gateway = await Gateway.start(state);
  const tab = await Console.open(browser, gateway.url, { clock: true, ...options });
  try {
    await play(gateway, tab);
    assert.deepEqual(tab.faults, []);
  } finally {
    await tab.close();
    await gateway.stop();
  }
}
