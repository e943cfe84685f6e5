// The editor's script that the command contains is what its sources make, byte for byte, and it comes with the licences of its packages.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { test } from 'node:test';
import { root } from './editor.mjs';

const page = `${root}src/bin/mcp-policy/edit/page`;

test('the script of the editor is what its sources make', () => {
  const out = `${root}target/editor-bundle`;
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  execFileSync('node', [`${page}/build.mjs`], { env: { ...process.env, MODULES: `${process.env.MCP_POLICY_BROWSER}/editor`, OUT: out } });
  for (const file of ['edit.js', 'LICENSES.txt']) {
    assert.ok(readFileSync(`${out}/${file}`).equals(readFileSync(`${page}/dist/${file}`)), `dist/${file} is not what the sources make: see \`build.mjs\``);
  }
});

test('every package of the script allows its use', () => {
  const { packages } = JSON.parse(readFileSync(`${page}/package-lock.json`));
  const licences = Object.entries(packages).filter(([name]) => name).map(([name, { license }]) => [name, license]);
  assert.ok(licences.length > 15);
  assert.deepEqual(licences.filter(([, license]) => license !== 'MIT'), []);
  const { dependencies } = JSON.parse(readFileSync(`${page}/package.json`));
  for (const [name, version] of Object.entries(dependencies)) assert.match(version, /^\d+\.\d+\.\d+$/, `${name} is pinned`);
});
