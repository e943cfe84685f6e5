// The steps that other tests let a person take.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { approval, Gateway } from './gateway.mjs';

const PROGRAM = fileURLToPath(new URL('drive.mjs', import.meta.url));
const ID = approval().id;

// Lets the program take one step; what it prints.
function step(gateway, words, token = 'secret') {
  const environment = { ...process.env, MCP_POLICY_TOKEN: token };
  return new Promise((resolve) => {
    execFile(process.execPath, [PROGRAM, gateway.url, ...words], { env: environment }, (error, stdout, stderr) =>
      resolve({ code: error ? error.code : 0, shown: stdout && JSON.parse(stdout), stderr }),
    );
  });
}

// A gateway that is gone afterwards.
async function withGateway(play) {
  const gateway = await Gateway.start({ token: 'secret', approvals: [approval(), approval({ id: 'a2' })] });
  try {
    await play(gateway);
  } finally {
    await gateway.stop();
  }
}

test('a list, an approval and a rejection', () =>
  withGateway(async (gateway) => {
    const { shown } = await step(gateway, ['list']);
    assert.deepEqual([shown.you, shown.approvals.map(({ id }) => id)], ['bearer:9f86d081884c7d65', [ID, 'a2']]);
    const approved = await step(gateway, ['approve', ID, 'looks right']);
    assert.match(approved.shown.answers[0][2], /^approved by bearer:9f86d081884c7d65: looks right; the agent has /);
    const rejected = await step(gateway, ['reject', 'a2', 'too much']);
    assert.equal(rejected.shown.answers[1][2], 'rejected by bearer:9f86d081884c7d65: too much');
    assert.deepEqual(gateway.answered, [{ id: ID, decision: 'approve', note: 'looks right' }, { id: 'a2', decision: 'reject', note: 'too much' }]);
  }));

test('screenshots have the size that is asked for', () =>
  withGateway(async (gateway) => {
    const folder = mkdtempSync(join(tmpdir(), 'console-'));
    try {
      for (const [words, size] of [[[], [1200, 800]], [['390x844', 'dark'], [390, 844]]]) {
        const file = join(folder, 'console.png');
        assert.equal((await step(gateway, ['screenshot', file, ...words])).code, 0);
        const image = readFileSync(file);
        assert.equal(image.toString('latin1', 1, 4), 'PNG');
        assert.deepEqual([image.readUInt32BE(16), image.readUInt32BE(20)], size);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  }));

test('what cannot be done fails, and says why', () =>
  withGateway(async (gateway) => {
    const stranger = await step(gateway, ['list'], 'wrong');
    const why = "error: Not signed in: send an approver's token\n";
    assert.deepEqual([stranger.code, stranger.stderr], [1, why]);
    const unknown = await step(gateway, ['dance']);
    assert.deepEqual([unknown.code, unknown.stderr], [1, 'error: there is no step `dance`: list, approve, reject or screenshot\n']);
  }));
