// One step of a person at the console of any gateway, for tests that are not written in JavaScript:
//
//   node drive.mjs URL list
//   node drive.mjs URL approve ID [NOTE]
//   node drive.mjs URL reject ID NOTE
//   node drive.mjs URL screenshot FILE [WIDTHxHEIGHT] [dark]
//
// MCP_POLICY_TOKEN holds the token, MCP_POLICY_BROWSER names the browser's folder. Prints, as JSON, what the page says in
// the end: `you`, `approvals`, `answers`, `counters` and `decisions`. Fails where the page does what no page may.

import { Console, startBrowser } from './console.mjs';

const [url, action, what, ...more] = process.argv.slice(2);

const STEPS = {
  list: async () => {},
  approve: (tab) => tab.answer(what, 'Approve', more[0]),
  reject: (tab) => tab.answer(what, 'Reject', more[0]),
  screenshot: (tab) => tab.page.screenshot({ path: what }),
};

// How the tab looks: of the size and colours that a screenshot is to have.
function looks() {
  if (action !== 'screenshot') return {};
  const [width, height] = (more[0] ?? '1200x800').split('x').map(Number);
  return { width, height, dark: more[1] === 'dark' };
}

async function main() {
  if (!Object.hasOwn(STEPS, action ?? '')) throw new Error(`there is no step \`${action}\`: list, approve, reject or screenshot`);
  const token = process.env.MCP_POLICY_TOKEN;
  const browser = await startBrowser();
  try {
    const tab = await Console.open(browser, url.replace(/\/$/, ''), { hash: token ? `#token=${token}` : '', ...looks() });
    await tab.ready();
    await STEPS[action](tab);
    console.log(JSON.stringify(await tab.everything()));
    if (tab.faults.length) throw new Error(tab.faults.join('; '));
  } finally {
    await browser.close();
  }
}

main().catch((error) => {
  console.error(`error: ${error.message}`);
  process.exitCode = 1;
});
