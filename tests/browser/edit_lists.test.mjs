// What the editor makes of the lists of servers: the catalogue's rules for tools that it knows, prompts and resources of files, and
// lists that are read again.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import { edit, root, useBrowser } from './editor.mjs';

useBrowser();

const catalog = (server) => JSON.parse(readFileSync(`${root}envoy/catalog/${server}.json`)).tools;
const ruleOf = (server, tool) => catalog(server).find(({ name }) => name === tool).rule;
const listOf = (server, ...more) => [...catalog(server).map(({ name }) => ({ name, inputSchema: { type: 'object' } })), ...more.map((name) => ({ name }))];

const ONE = "Use the catalogue's rule";
const TEXT = '{"version": "1",  "default": "deny", "hide":["write_file"],\n "tools": { "read_file":{"rate_limit":"5/minute"  } , "own": {} }}\n';

const presses = {
  mouse: async (tab, name) => {
    await tab.row(name).click();
    await tab.button(ONE).click();
  },
  keyboard: async (tab, name) => {
    await tab.reach('listbox', 'Names');
    await tab.page.keyboard.press('Home');
    for (let steps = 0; steps < 20 && (await tab.row(name).getAttribute('aria-selected')) !== 'true'; steps += 1) await tab.page.keyboard.press('ArrowDown');
    await tab.reach('button', ONE);
    await tab.page.keyboard.press('Enter');
  },
};

for (const [by, press] of Object.entries(presses)) {
  test(`one press by ${by} replaces a tool's rule by the catalogue's, and undo brings the text back`, () =>
    edit({ text: TEXT, tools: [listOf('filesystem', 'own')] }, async (tab) => {
      await press(tab, 'read_file');
      await tab.settled();
      const text = await tab.text();
      const [before, after] = TEXT.split('{"rate_limit":"5/minute"  }');
      assert.ok(text.startsWith(before) && text.endsWith(after), 'nothing else changes');
      assert.deepEqual(JSON.parse(text).tools.read_file, ruleOf('filesystem', 'read_file'));
      await press(tab, 'write_file');
      await tab.settled();
      const { hide, tools } = JSON.parse(await tab.text());
      assert.deepEqual([hide, tools.write_file], [undefined, ruleOf('filesystem', 'write_file')], 'it is not hidden any more');
      await tab.button('Undo').click();
      await tab.button('Undo').click();
      await tab.settled();
      assert.equal(await tab.text(), TEXT);
      await tab.row('own').click();
      assert.equal(await tab.button(ONE).count(), 0, 'the catalogue does not know it');
    }));
}

test('several tools get their rules at once, hidden and closed ones too', () =>
  edit({ tools: [listOf('krea'), listOf('kubernetes', 'own')] }, async (tab) => {
    const written = async (i) => JSON.parse(await tab.text()).policies[`server-${i}`];
    const select = async (i) => {
      await tab.page.getByRole('searchbox', { name: 'Filter' }).fill(`server-${i}`);
      await tab.page.getByRole('listbox', { name: 'Names' }).press('ControlOrMeta+a');
    };
    const [krea, kubernetes] = ['krea', 'kubernetes'].map(catalog);
    await select(1);
    await tab.button("Use the catalogue's rules").click();
    await tab.settled();
    const expected = krea.map(({ name, rule }) => [name, rule === 'deny' ? { action: 'deny' } : rule]);
    assert.deepEqual(await written(1), { version: '1', default: 'deny', tools: Object.fromEntries(expected) });
    await select(2);
    await tab.button(`Use the catalogue's rules (${kubernetes.length} of ${kubernetes.length + 1})`).click();
    await tab.settled();
    const open = kubernetes.filter(({ rule }) => rule !== 'hide').map(({ name, rule }) => [name, rule]);
    const hide = kubernetes.filter(({ rule }) => rule === 'hide').map(({ name }) => name);
    assert.ok(hide.length > 0 && open.length > 0);
    assert.deepEqual(await written(2), { version: '1', default: 'deny', tools: Object.fromEntries(open), hide });
    await tab.button('Undo').click();
    await tab.settled();
    assert.deepEqual((await written(2)).tools, {}, 'one step');
  }));

test('prompts and resources of a server have rules, too, and are tried', async () => {
  const server = await promptServer();
  try {
    await edit({ args: ['--url', server.url] }, async (tab) => {
      const { page } = tab;
      assert.equal(await page.locator('.servers li').count(), 0, 'a server without templates has no fault');
      await tab.row('summary').click();
      await page.getByRole('radio', { name: 'Allow' }).click();
      await tab.settled();
      await tab.row('file:///notes.txt').click();
      await page.getByRole('radio', { name: 'Deny' }).click();
      await tab.settled();
      const { prompts, resources } = JSON.parse(await tab.text());
      assert.deepEqual([prompts, resources], [{ summary: {} }, { 'file:///notes.txt': { action: 'deny' } }]);
      await tab.tab('Try a call').click();
      await tab.button('Try it').click();
      await page.getByText('denied by').first().waitFor();
      await tab.row('summary').click();
      await page.getByLabel('Topic').fill('cats');
      await tab.button('Try it').click();
      await page.getByText('The call reaches the server').waitFor();
    });
  } finally {
    server.close();
  }
});

// A server of the handshake era with a prompt and a resource, and no tool.
async function promptServer() {
  const RESULTS = {
    initialize: { protocolVersion: '2025-06-18', capabilities: { tools: {}, prompts: {}, resources: {} }, serverInfo: { name: 'notes', version: '1' } },
    'tools/list': { tools: [] },
    'prompts/list': { prompts: [{ name: 'summary', description: 'Sums up.', arguments: [{ name: 'topic', required: true }] }] },
    'resources/list': { resources: [{ uri: 'file:///notes.txt', name: 'notes' }] },
  };
  const server = createServer(async (request, answer) => {
    let body = '';
    for await (const part of request) body += part;
    const { id, method } = request.method === 'POST' ? JSON.parse(body) : {};
    if (id === undefined) return answer.writeHead(request.method === 'POST' ? 202 : 405).end();
    const result = RESULTS[method];
    const reply = result ? { result } : { error: { code: -32601, message: 'unknown method' } };
    return answer.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify({ jsonrpc: '2.0', id, ...reply }));
  });
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  return { url: `http://127.0.0.1:${server.address().port}/mcp`, close: () => server.close() };
}

test('a file has prompts, resources and templates beside its tools', () => {
  const list = {
    tools: [{ name: 'draw' }],
    prompts: [{ name: 'greet', description: 'Greets.', arguments: [{ name: 'who', required: true }] }],
    resources: [{ uri: 'file:///a.txt', name: 'a' }],
    resourceTemplates: [{ uriTemplate: 'file:///logs/{day}.txt', name: 'logs' }],
  };
  return edit({ tools: [list] }, async (tab) => {
    assert.deepEqual(await tab.page.locator('.row code').allInnerTexts(), ['draw', 'greet', 'file:///a.txt', 'file:///logs/*.txt']);
    for (const name of ['greet', 'file:///logs/*.txt']) {
      await tab.row(name.replaceAll('*', '\\*')).click();
      await tab.page.getByRole('radio', { name: 'Allow' }).click();
      await tab.settled();
    }
    const { prompts, resources } = JSON.parse(await tab.text());
    assert.deepEqual([prompts, resources], [{ greet: {} }, { 'file:///logs/*.txt': {} }]);
    await tab.row('greet').click();
    await tab.tab('Try a call').click();
    await tab.page.getByLabel('Who', { exact: true }).fill('Ann');
    assert.deepEqual(JSON.parse(await tab.page.getByLabel('Arguments, JSON').inputValue()), { who: 'Ann' });
  });
});

test('the servers are read again, and a list that cannot be read leaves the one before', () =>
  edit({ text: TEXT, tools: [[{ name: 'draw' }]] }, async (tab) => {
    const { page } = tab;
    const file = join(tab.folder, 'server-1.json');
    const again = async (text, news) => {
      writeFileSync(file, text);
      await tab.button('Read the servers again').click();
      await page.locator('#news').getByText(news).waitFor();
      await tab.settled();
    };
    await tab.row('draw').click();
    await again(JSON.stringify([{ name: 'draw', description: 'Draws more.' }, { name: 'paint' }]), 'The servers are read again: 2 names.');
    assert.equal(await page.locator('.description').innerText(), 'Draws more.');
    assert.equal(await tab.row('paint').count(), 1);
    await again('{', 'not JSON');
    assert.equal(await tab.row('paint').count(), 1);
    await again('[]', 'The servers are read again: 0 names.');
    assert.equal(await tab.row('draw').count(), 0);
    assert.equal(await tab.text(), TEXT);
    await page.reload();
    await tab.settled();
    assert.equal(await tab.row('draw').count(), 0, 'a page that is loaded again has what was read last');
  }));
