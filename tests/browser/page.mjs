// A page of another origin before a gateway: its script makes calls by `fetch`, one after the other.
//
//   node page.mjs HOST URL BODY...
//
// HOST is a name or an address of this machine; the page's origin is `http://HOST:PORT`. Prints, as JSON, what the script can read
// of each answer: `status`, `retryAfter` and `body`, or the `error`.

import { createServer } from 'node:http';
import { startBrowser } from './console.mjs';

const [host, url, ...bodies] = process.argv.slice(2);

// Runs in the page.
async function callAll({ url, bodies }) {
  const headers = {
    authorization: 'Bearer a',
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    'mcp-protocol-version': '2025-11-25',
  };
  const read = [];
  for (const body of bodies) {
    try {
      const answer = await fetch(url, { method: 'POST', headers, body });
      read.push({ status: answer.status, retryAfter: answer.headers.get('retry-after'), body: await answer.text() });
    } catch (error) {
      read.push({ error: String(error) });
    }
  }
  return read;
}

async function main() {
  const server = createServer((_, response) => response.setHeader('content-type', 'text/html').end('<!doctype html><title>A page</title>'));
  await new Promise((resolve) => server.listen(0, host, resolve));
  const browser = await startBrowser();
  try {
    const page = await browser.newPage();
    await page.goto(`http://${host}:${server.address().port}/`);
    console.log(JSON.stringify(await page.evaluate(callAll, { url, bodies })));
  } finally {
    await browser.close();
    server.close();
  }
}

main().catch((error) => {
  console.error(`error: ${error.message}`);
  process.exitCode = 1;
});
