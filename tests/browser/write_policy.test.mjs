// From an empty file and a running server to a policy with a limit, an argument condition and an approval, tried and with two cases:
// by mouse, and by keyboard alone. Then `check` and `test` accept the files, and an Envoy enforces the policy.

import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import { test } from 'node:test';
import { command, edit, root, run, start, useBrowser } from './editor.mjs';

useBrowser();

const LIMIT_MS = 180000;
const LONG = 'a very long description of a cat that sits on a mat in the sun';

const POLICY = {
  version: '1',
  default: 'deny',
  tools: {
    generate_image: { rate_limit: '3/minute' },
    'image.generate.gemini': { require: [{ conditions: [{ op: 'max_length', path: 'args.prompt', value: 40 }] }] },
    image_gen: { action: 'require_approval' },
  },
};

// What a person does with a mouse, and types.
const mouse = (tab) => ({
  select: (name) => tab.row(name).click(),
  choose: (name) => tab.page.getByRole('radio', { name, exact: true }).click(),
  press: (name) => tab.page.getByRole('button', { name, exact: true }).click(),
  open: (name) => tab.tab(name).click(),
  fill: (name, text) => tab.page.getByLabel(name, { exact: true }).fill(text),
  pick: (name, option) => tab.page.getByLabel(name, { exact: true }).selectOption(option),
});

// The same by keyboard alone: Tab moves to each thing, and keys do the rest.
function keyboard(tab) {
  const { page } = tab;
  const reach = (role, name) => tab.reach(role, name);
  return {
    select: async (name) => {
      await reach('listbox', 'Names');
      await page.keyboard.press('Home');
      for (let steps = 0; steps < 9 && (await tab.row(name).getAttribute('aria-selected')) !== 'true'; steps += 1) await page.keyboard.press('ArrowDown');
      assert.equal(await tab.row(name).getAttribute('aria-selected'), 'true');
    },
    choose: async (name) => {
      const group = page.getByRole('radio');
      const wanted = page.getByRole('radio', { name, exact: true });
      for (let steps = 0; steps < 150 && !(await group.evaluateAll((all) => all.includes(document.activeElement))); steps += 1) await page.keyboard.press('Tab');
      for (let steps = 0; steps < 9 && !(await wanted.isChecked()); steps += 1) {
        await page.keyboard.press('ArrowDown');
        await tab.settled();
      }
      assert.ok(await wanted.isChecked(), name);
    },
    press: async (name) => {
      await reach('button', name);
      await page.keyboard.press('Enter');
    },
    open: async (name) => {
      for (let steps = 0; steps < 150 && !(await page.getByRole('tab').evaluateAll((all) => all.includes(document.activeElement))); steps += 1) await page.keyboard.press('Tab');
      for (let steps = 0; steps < 5 && (await tab.tab(name).getAttribute('aria-selected')) !== 'true'; steps += 1) await page.keyboard.press('ArrowRight');
      assert.equal(await tab.tab(name).getAttribute('aria-selected'), 'true');
    },
    fill: async (name, text) => {
      const wanted = page.getByLabel(name, { exact: true });
      for (let steps = 0; steps < 150 && !(await wanted.evaluate((element) => element === document.activeElement)); steps += 1) await page.keyboard.press('Tab');
      await page.keyboard.press('ControlOrMeta+a');
      await page.keyboard.type(text);
    },
    pick: async (name, option) => {
      await reach('combobox', name);
      await page.keyboard.type(option);
    },
  };
}

async function writePolicy(tab, by) {
  const steps = [
    ['select', 'generate_image'], ['choose', 'Allow'], ['press', '+ Rate limit'], ['fill', 'Rate limit', '3/minute'],
    ['select', 'image.generate.gemini'], ['choose', 'Allow'], ['press', '+ Require'], ['pick', 'Operator', 'max_length'], ['fill', 'Value', '40'],
    ['select', 'image_gen'], ['choose', 'Ask for approval'],
    ['select', 'generate_image'], ['open', 'Try a call'], ['fill', 'How often', '4'], ['press', 'Try it'], ['press', 'Keep as a case'],
    ['select', 'image.generate.gemini'], ['fill', 'Prompt', LONG], ['fill', 'How often', '1'], ['press', 'Try it'], ['press', 'Keep as a case'],
    ['open', 'Cases'],
  ];
  for (const [step, ...what] of steps) {
    await by[step](...what);
    await tab.settled();
  }
  await tab.page.getByText('2 of 2 pass').waitFor();
  await tab.page.keyboard.press('ControlOrMeta+s');
  await tab.page.getByRole('dialog').getByRole('button', { name: 'Save', exact: true }).waitFor();
  await tab.page.keyboard.press('Enter');
  await tab.page.getByText('Saved.', { exact: true }).waitFor();
}

const freePort = () => new Promise((resolve) => {
  const server = createServer().listen(0, '127.0.0.1', () => { const { port } = server.address(); server.close(() => resolve(port)); });
});

async function call(port, name, prompt) {
  const headers = { 'Content-Type': 'application/json', Accept: 'application/json, text/event-stream', 'MCP-Protocol-Version': '2025-11-25' };
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: { prompt } } });
  const answer = await fetch(`http://127.0.0.1:${port}/mcp`, { method: 'POST', headers, body });
  const { error } = JSON.parse((await answer.text()).replace(/^data: /, ''));
  return error?.code ?? 'allowed';
}

// Has an Envoy enforce the policy in front of the server.
async function enforce(tab, url) {
  const envoy = process.env.MCP_POLICY_ENVOY;
  assert.ok(envoy, 'MCP_POLICY_ENVOY does not say where Envoy is: run `./build.sh test`, which installs it');
  const [port, admin, console] = await Promise.all([freePort(), freePort(), freePort()]);
  const module = `${root}target/wasm32-wasip1/release/mcp_policy.wasm`;
  const file = join(tab.folder, 'envoy.yaml');
  writeFileSync(file, run('render', 'envoy', tab.path, '--upstream', new URL(url).origin, '--module', module, '--port', port, '--admin-port', admin, '--console-port', console));
  const gateway = spawn(envoy, ['--config-path', file, '--log-level', 'error', '--use-dynamic-base-id'], { stdio: 'ignore' });
  try {
    for (let waited = 0; ; waited += 1) {
      const ready = await fetch(`http://127.0.0.1:${admin}/ready`).then(({ status }) => status, () => 0);
      if (ready === 200) break;
      assert.ok(waited < 600 && gateway.exitCode === null, 'Envoy starts');
      await new Promise((resolve) => { setTimeout(resolve, 100); });
    }
    const decisions = [];
    for (const prompt of ['a cat', LONG]) decisions.push(await call(port, 'image.generate.gemini', prompt));
    decisions.push(await call(port, 'image_gen', 'a cat'));
    // A minute may end in between.
    const limited = [];
    for (let i = 0; i < 8; i += 1) limited.push(await call(port, 'generate_image', 'a cat'));
    assert.deepEqual(decisions, ['allowed', -31403, -31428]);
    assert.ok(limited.includes('allowed') && limited.includes(-31429), `${limited}`);
  } finally {
    gateway.kill();
  }
}

for (const [how, make] of Object.entries({ 'by mouse': mouse, 'by keyboard alone': keyboard })) {
  test(`a policy is written ${how} within three minutes, passes check and test, and is enforced`, async () => {
    const { child, line } = await start(`${root}target/debug/examples/mcp-server`, ['--listen', '127.0.0.1:0']);
    const url = line.replace('listening on ', '');
    try {
      await edit({ args: ['--url', url] }, async (tab) => {
        const began = Date.now();
        await writePolicy(tab, make(tab));
        const took = Date.now() - began;
        assert.ok(took < LIMIT_MS, `it took ${took} ms`);
        assert.deepEqual(JSON.parse(readFileSync(tab.path, 'utf8')), POLICY);
        const { cases } = JSON.parse(readFileSync(tab.path.replace('.json', '.cases.json'), 'utf8'));
        assert.deepEqual(cases.map(({ calls }) => calls.map(({ expect, times }) => [times ?? 1, expect])), [[[3, 'allow'], [1, 'rate_limited']], [[1, 'deny']]]);
        run('check', tab.path);
        assert.match(run('test', tab.path), /2 passed; 0 failed/);
        const own = new URL(tab.address).origin;
        assert.deepEqual([...new Set(tab.requests.map((request) => (request.startsWith('data:') ? 'data:' : new URL(request).origin)))].filter((origin) => origin !== 'data:'), [own]);
        await enforce(tab, url);
      });
    } finally {
      child.kill();
    }
  });
}

test('the command is the one that was built', () => assert.ok(existsSync(command), `${command} is missing: run \`cargo build\``));
