// The editor's page: both sides follow each other, hostile texts are texts, a broken text disables only its own part, a thousand tools
// cost no pause, and nothing is asked but the command.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { edit, inFolder, root, start, useBrowser } from './editor.mjs';

useBrowser();

const object = (properties) => ({ type: 'object', properties });
const PAY = { name: 'pay', description: 'Pays an amount.', inputSchema: object({ amount: { type: 'number' }, to: { type: 'string' } }) };

test('the form changes the smallest part of the text, and undo and redo work over both sides', () => {
  const text = '{\n "version":"1",  "default": "deny",\n\n "tools": { "pay":{"rate_limit":"5/minute"  } , "x": {} }\n}\n';
  return edit({ text, tools: [[PAY]] }, async (tab) => {
    const limit = tab.page.getByLabel('Rate limit', { exact: true });
    await tab.row('pay').click();
    await limit.fill('7/minute');
    await tab.settled();
    assert.equal(await tab.text(), text.replace('5/m', '7/m'));
    await tab.page.locator('.cm-content').click();
    await tab.page.keyboard.press('ControlOrMeta+End');
    await tab.page.keyboard.type(' ');
    await tab.settled();
    await tab.button('Undo').click();
    await tab.settled();
    assert.equal(await tab.text(), text.replace('5/m', '7/m'), 'what was typed into the text is undone');
    await tab.button('Undo').click();
    await tab.settled();
    assert.equal(await tab.text(), text, 'what the form changed is undone');
    assert.equal(await limit.inputValue(), '5/minute');
    await tab.page.keyboard.press('ControlOrMeta+Shift+z');
    await tab.settled();
    assert.equal(await limit.inputValue(), '7/minute');
    await tab.write(text.replace('5/minute', '9/hour'));
    assert.equal(await limit.inputValue(), '9/hour', 'the form follows the text');
  });
});

test('mistakes and warnings are at their place in the text and in the form', () => {
  const text = '{"version": "1", "default": "deny", "tools": {"pay": {"rate_limit": "5/fortnight"}}}';
  return edit({ text, tools: [[PAY]] }, async (tab) => {
    await tab.row('pay').click();
    const message = await tab.page.locator('.form .problems').innerText();
    assert.match(message, /^found the string `5\/fortnight`, expected/);
    assert.equal(await tab.page.locator('.found li').innerText(), `line 1 ${message}`);
    assert.equal(await tab.page.locator('.cm-lintRange-error').first().innerText(), '"5/fortnight"');
    await tab.write('{"version": "1", "default": "deny", "tools": {"*": {}}}');
    assert.match(await tab.page.locator('.found').innerText(), /^1 warning/);
  });
});

test('a broken text disables the form at that place, and the page nowhere else', () => {
  const text = '{"version": "1", "default": "deny", "tools": {"pay": {"rate_limit": "5/min\n}, "draw": {"rate_limit": "1/day"}}}';
  return edit({ text, tools: [[PAY, { name: 'draw' }, { name: 'read' }]] }, async (tab) => {
    await tab.row('pay').click();
    assert.match(await tab.page.locator('.field.broken').innerText(), /^Rate limit\s+cannot be read: correct it in the text$/);
    await tab.row('draw').click();
    await tab.page.getByLabel('Rate limit', { exact: true }).fill('2/day');
    await tab.settled();
    assert.equal(await tab.text(), text.replace('1/day', '2/day'));
    await tab.row('read').click();
    await tab.page.getByRole('radio', { name: 'Deny' }).click();
    await tab.settled();
    assert.match(await tab.text(), /"draw": \{"rate_limit": "2\/day"\}, "read": \{ "action": "deny" \}\}\}$/);
    await tab.write('{"a": ');
    await tab.page.getByRole('radio', { name: 'Allow' }).click();
    await tab.settled();
    assert.equal(await tab.page.locator('.middle [role=alert]').innerText(), '`the document` cannot be read; correct it in the text');
    await tab.write('{"version": "1", "default": "allow"}');
    assert.match(await tab.page.locator('.says').innerText(), /^Now: open/);
  });
});

test('names and descriptions of a hostile server are texts', () => {
  const evil = '<img src=x onerror="document.title=1"><script>alert(1)</script>';
  const tools = [
    { name: evil, description: `${evil} javascript:alert(1)`, inputSchema: object({ [evil]: { type: 'string', title: evil, description: evil, enum: [evil] } }) },
    { name: 'a\u202egnp.exe\u0000', description: '\u202eright to left' },
    { name: '__proto__', inputSchema: { $ref: '#' } },
    { name: 'deep', inputSchema: { $defs: { a: object({ a: { $ref: '#/$defs/a' } }) }, $ref: '#/$defs/a', required: ['a'] } },
    { name: 'odd', inputSchema: { type: ['object', 7], properties: { a: null, b: { oneOf: 'x', items: [] }, c: { enum: [{}, null] } }, required: 'all' } },
  ];
  return edit({ tools: [tools] }, async (tab) => {
    const { page } = tab;
    assert.equal(await page.locator('.row').count(), tools.length);
    for (let i = 0; i < tools.length; i += 1) {
      await tab.tab('Rule').click();
      await page.locator('.row').nth(i).click();
      await tab.tab('Try a call').click();
      await page.getByText('Arguments, JSON').waitFor();
    }
    await tab.tab('Rule').click();
    await page.locator('.row').first().click();
    assert.equal(await page.locator('.row code').first().innerText(), evil);
    assert.equal(await page.locator('.row code').nth(1).innerText(), 'a\\u{202e}gnp.exe\\u{0}');
    assert.equal(await page.locator('.description').innerText(), `${evil} javascript:alert(1)`);
    assert.equal(await page.locator('img, .form script, .list script').count(), 0);
    for (let i = 0; i < 3; i += 1) {
      await page.locator('.row').nth(i).click();
      await page.getByRole('radio', { name: 'Deny' }).click();
      await tab.settled();
    }
    const names = Object.keys(JSON.parse((await tab.text()).replace('__proto__', 'proto')).tools);
    assert.deepEqual(names, [evil, tools[1].name, 'proto']);
  });
});

test('a thousand tools are filtered and selected within 100 ms', () => {
  const words = ['get', 'list', 'create', 'delete', 'pay', 'run'];
  const tools = Array.from({ length: 1000 }, (_, i) => ({ ...PAY, name: `${words[i % 6]}_thing_${i}`, description: `Tool ${i}. ${'It does much. '.repeat(20)}` }));
  return edit({ tools: [tools] }, async (tab) => {
    const { page } = tab;
    // From the event until the page has drawn its effect, in the page itself.
    const took = (act) => page.evaluate(async (source) => {
      const drawn = () => new Promise((resolve) => { requestAnimationFrame(() => setTimeout(resolve)); });
      const began = performance.now();
      eval(source);
      await drawn();
      return performance.now() - began;
    }, act);
    const type = (text) => `const input = document.querySelector('[type=search]'); input.value = ${JSON.stringify(text)}; input.dispatchEvent(new Event('input', { bubbles: true }))`;
    const key = (name, more = '') => `document.querySelector('[role=listbox]').dispatchEvent(new KeyboardEvent('keydown', { key: '${name}', bubbles: true, cancelable: true${more} }))`;
    const times = {};
    const measure = async (name, act) => {
      const all = [];
      // The least of seven is what the page costs; more is what else the machine does.
      for (let i = 0; i < 7; i += 1) all.push(await took(act));
      times[name] = Math.round(Math.min(...all));
    };
    await measure('filter', type('pay thing_9'));
    assert.match(await page.locator('.count').innerText(), /^\d+ of 1000 names$/);
    await measure('clear', type(''));
    await measure('select', key('ArrowDown'));
    await measure('select all', key('a', ', ctrlKey: true'));
    assert.equal(await page.locator('.count').innerText(), '1000 names, 1000 selected');
    await measure('end', key('End'));
    assert.equal(await page.locator('[aria-selected=true] code').innerText(), 'pay_thing_999'.replace('pay', words[999 % 6]));
    console.log(`a thousand tools, milliseconds: ${JSON.stringify(times)}`);
    for (const [name, milliseconds] of Object.entries(times)) assert.ok(milliseconds <= 100, `${name} takes ${milliseconds} ms`);
  });
});

test('a rule of several names is changed at once, in one step', () =>
  edit({ tools: [[PAY, { name: 'draw' }, { name: 'read' }]] }, async (tab) => {
    await tab.row('pay').click();
    await tab.row('read').click({ modifiers: ['Shift'] });
    await tab.page.getByRole('radio', { name: 'Ask for approval' }).click();
    await tab.settled();
    const rule = { action: 'require_approval' };
    assert.deepEqual(JSON.parse(await tab.text()).tools, { pay: rule, draw: rule, read: rule });
    await tab.button('Undo').click();
    await tab.settled();
    assert.deepEqual(JSON.parse(await tab.text()).tools, {});
  }));

test('several servers get a policy each', () =>
  edit({ tools: [[PAY], [{ name: 'draw' }]] }, async (tab) => {
    await tab.row('draw').click();
    await tab.page.getByRole('radio', { name: 'Allow' }).click();
    await tab.settled();
    const { policies, bindings } = JSON.parse(await tab.text());
    assert.deepEqual([policies['server-1'].tools, policies['server-2'].tools], [{}, { draw: {} }]);
    assert.deepEqual(bindings, [{ route: 'server-1', policy: 'server-1' }, { route: 'server-2', policy: 'server-2' }]);
  }));

const SAVED = '{"version": "1", "default": "deny", "tools": {"pay": {}}}\n';

test('what a change decides otherwise is shown before it is saved, and a file that changed on disk is kept', () =>
  edit({ text: SAVED, tools: [[PAY]] }, async (tab) => {
    const { page } = tab;
    await tab.row('pay').click();
    await tab.tab('Try a call').click();
    await tab.button('Try it').click();
    await tab.button('Keep as a case').click();
    await tab.tab('Rule').click();
    await page.getByRole('radio', { name: 'Deny' }).click();
    await tab.settled();
    await tab.button('Save…').click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('pay: allowed, call 1: the tool `pay` as `anybody`: allowed → denied by /tools/pay/action').waitFor();
    await dialog.getByText('narrower').first().waitFor();
    writeFileSync(tab.path, `${SAVED} `);
    await dialog.getByRole('button', { name: 'Save', exact: true }).click();
    await dialog.getByText(`\`${tab.path}\` has changed on disk since it was read; nothing was saved.`, { exact: false }).waitFor();
    assert.equal(readFileSync(tab.path, 'utf8'), `${SAVED} `);
    await dialog.getByRole('button', { name: 'Load the file again' }).click();
    await tab.settled();
    assert.equal(await tab.text(), `${SAVED} `);
    await tab.button('Undo').click();
    await tab.settled();
    assert.match(await tab.text(), /"deny" \}\}\}\n$/, 'undo brings the text back');
    await tab.button('Save…').click();
    await dialog.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByText('Saved.', { exact: true }).waitFor();
    assert.equal(readFileSync(tab.path, 'utf8'), await tab.text());
    assert.equal(await page.locator('.state').innerText(), 'saved');
  }));

test('a text that a gateway would refuse is saved only by a button that says so', () =>
  edit({ text: SAVED, tools: [[PAY]] }, async (tab) => {
    const broken = SAVED.replace('deny', 'dney');
    await tab.write(broken);
    await tab.button('Save…').click();
    const dialog = tab.page.getByRole('dialog');
    await dialog.getByText('A gateway would refuse this text: it has 1 error. You can save it and correct it later.').waitFor();
    assert.equal(await dialog.getByRole('button', { name: 'Save', exact: true }).count(), 0);
    assert.equal(readFileSync(tab.path, 'utf8'), SAVED);
    await dialog.getByRole('button', { name: 'Save with errors' }).click();
    await tab.page.getByText('Saved.', { exact: true }).waitFor();
    assert.equal(readFileSync(tab.path, 'utf8'), broken);
  }));

test('what a gateway needs is rendered, to copy', () =>
  edit({ text: SAVED, tools: [[PAY]] }, async (tab) => {
    await tab.tab('Deploy').click();
    for (const [name, part] of [['Envoy', 'static_resources:'], ['Istio', 'kind: WasmPlugin'], ['Envoy Gateway', 'kind: Gateway'], ['Sidecar', 'kind: Deployment']]) {
      await tab.page.getByLabel('Gateway', { exact: true }).selectOption({ label: name });
      await tab.page.getByLabel('Output').getByText(part).waitFor();
    }
    await tab.page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await tab.button('Copy the command').click();
    await tab.page.getByText('Copied.').waitFor();
    assert.equal(await tab.page.evaluate(() => navigator.clipboard.readText()), `mcp-policy render sidecar ${tab.path}`);
  }));

test('a key that is new in the schema has a field, in the page as it is', () => {
  const prepare = (page) => page.route('**/api/open', async (route) => {
    const answer = await route.fetch();
    const opened = await answer.json();
    opened.schema.$defs.Rule.properties.colors = { title: 'Colors', type: 'array', items: { $ref: '#/$defs/Color' } };
    opened.schema.$defs.Color = { type: 'object', properties: { name: { title: 'Name of a color', type: 'string', examples: ['red'] }, is_warm: { title: 'Warm', type: 'boolean' } }, required: ['name'] };
    await route.fulfill({ response: answer, json: opened });
  });
  return edit({ text: SAVED, tools: [[PAY]], prepare }, async (tab) => {
    await tab.row('pay').click();
    await tab.button('+ Colors').click();
    await tab.settled();
    await tab.page.getByLabel('Name of a color').fill('blue');
    await tab.settled();
    await tab.button('+ Warm').click();
    await tab.settled();
    assert.deepEqual(JSON.parse(await tab.text()).tools.pay, { colors: [{ name: 'blue', is_warm: true }] });
    assert.match(await tab.page.locator('.form .problems').first().innerText(), /^unknown key `colors`/, 'the command decides');
  });
});

test('keys and words are completed from the schema', () =>
  edit({ text: '{"version": "1", "default": "deny", "tools": {"pay": {}}}', tools: [[PAY]] }, async (tab) => {
    const { page } = tab;
    await page.locator('.cm-content').click();
    await page.keyboard.press('ControlOrMeta+End');
    for (let i = 0; i < 3; i += 1) await page.keyboard.press('ArrowLeft');
    await page.keyboard.type('"rate');
    await page.locator('.cm-tooltip-autocomplete').getByText('"rate_limit"').waitFor();
    await page.locator('.cm-completionInfo').getByText(/^Short form of one limit/).waitFor();
  }));

test('no request leaves the page but to the command, and none the command but to the named server', async () => {
  const { child, line } = await start(`${root}target/debug/examples/mcp-server`, ['--listen', '127.0.0.1:0']);
  const url = line.replace('listening on ', '');
  // Whatever the command asks elsewhere goes through this, and is an error.
  const asked = [];
  const proxy = createServer((request, answer) => { asked.push(request.url); answer.writeHead(502).end(); });
  proxy.on('connect', (request, socket) => { asked.push(request.url); socket.destroy(); });
  await new Promise((resolve) => { proxy.listen(0, '127.0.0.1', resolve); });
  const through = `http://127.0.0.1:${proxy.address().port}`;
  const env = { HTTP_PROXY: through, http_proxy: through, HTTPS_PROXY: through, ALL_PROXY: through, NO_PROXY: '', no_proxy: '' };
  try {
    await edit({ args: ['--url', url], env: { ...env, NO_PROXY: '127.0.0.1' } }, async (tab) => {
      await tab.row('generate_image').click();
      for (const name of ['Try a call', 'Cases', 'Deploy', 'Rule']) {
        await tab.tab(name).click();
        await tab.settled();
      }
      const origins = new Set(tab.requests.filter((request) => !request.startsWith('data:')).map((request) => new URL(request).origin));
      assert.deepEqual([...origins], [new URL(tab.address).origin]);
      assert.deepEqual(asked, []);
      // The recorder works: what the page is not allowed to ask stays in the browser.
      const refused = await tab.page.evaluate((to) => fetch(to).then(() => 'answered', () => 'refused'), through);
      assert.equal(refused, 'refused');
      assert.deepEqual(asked, []);
      tab.faults = tab.faults.filter((fault) => !fault.includes('Content Security Policy'));
    });
    await edit({ args: ['--url', 'http://192.0.2.1/mcp'], env }, async (tab) => {
      assert.match(await tab.page.locator('.servers').innerText(), /^192\.0\.2\.1: cannot list the tools/);
      assert.ok(asked.length > 0 && asked.every((to) => to.startsWith('http://192.0.2.1/mcp')), `${asked}`);
    });
  } finally {
    proxy.close();
    child.kill();
  }
});

test('a page of another origin gets nothing, and without the token there is nothing to see', () =>
  edit({ text: SAVED }, async (tab) => {
    const own = new URL(tab.address).origin;
    const other = createServer((_, answer) => answer.end('<!doctype html><title>evil</title>'));
    await new Promise((resolve) => { other.listen(0, '127.0.0.1', resolve); });
    try {
      const page = await tab.context.newPage();
      await page.goto(`http://localhost:${other.address().port}/`);
      const token = tab.address.split('#')[1];
      const read = await page.evaluate(async ([to, token]) => {
        const ask = (options) => fetch(`${to}/api/open`, { method: 'POST', body: '{}', ...options }).then(() => 'answered', () => 'refused');
        const frame = Object.assign(document.createElement('iframe'), { src: to });
        document.body.append(frame);
        await new Promise((resolve) => { frame.onload = resolve; });
        return [await ask({ headers: { Authorization: `Bearer ${token}` } }), await ask({}), await ask({ mode: 'no-cors' }), frame.contentDocument === null];
      }, [own, token]);
      assert.deepEqual(read, ['refused', 'refused', 'refused', true]);
      await page.goto(own);
      await page.getByText('open the address that the command prints').waitFor();
      await page.close();
    } finally {
      other.close();
    }
  }));

test('a client configuration names the servers, and nothing else of it reaches the page', async () => {
  const { child, line } = await start(`${root}target/debug/examples/mcp-server`, ['--listen', '127.0.0.1:0']);
  const url = line.replace('listening on ', '');
  const SECRET = 'sk-very-secret';
  try {
    await inFolder(async (folder) => {
      const file = `${folder}/mcp.json`;
      const servers = {
        images: { url: `${url}?key=${SECRET}`, headers: { Authorization: `Bearer ${SECRET}` } },
        files: { command: 'npx', args: ['-y', SECRET], env: { TOKEN: SECRET } },
        down: { url: `http://127.0.0.1:9/${SECRET}?key=${SECRET}` },
      };
      writeFileSync(file, `{ // a comment\n "mcpServers": ${JSON.stringify(servers)} }`);
      await edit({ args: ['--client-config', file] }, async (tab) => {
        assert.equal(await tab.page.locator('.row').count(), 3);
        const silent = await tab.page.locator('.servers li').allInnerTexts();
        assert.deepEqual(silent, ['down: nothing listens at its address', 'files: it is a command, which `--run-commands` would start']);
        const opened = await tab.page.evaluate(async () => {
          const headers = { Authorization: `Bearer ${sessionStorage.getItem('mcp-policy-edit')}` };
          return (await fetch('/api/open', { method: 'POST', headers, body: '{}' })).text();
        });
        assert.ok(opened.includes('generate_image') && !opened.includes(SECRET));
        assert.ok(!(await tab.page.content()).includes(SECRET));
        await tab.button('Save…').click();
        await tab.page.getByRole('dialog').getByRole('button', { name: 'Save', exact: true }).click();
        await tab.page.getByText('Saved.', { exact: true }).waitFor();
        const { policies } = JSON.parse(readFileSync(tab.path, 'utf8'));
        assert.deepEqual(Object.keys(policies), ['down', 'files', 'images']);
      });
    });
  } finally {
    child.kill();
  }
});
