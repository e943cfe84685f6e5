// Tells V8 which way the branches of the module go: `node main.mjs MODULE OUT`. V8 then places what usual requests run together, apart
// from what they do not run, which is most of the code. What the module does stays the same.

import { readFileSync, writeFileSync } from 'node:fs';

import { Module } from './code.mjs';
import { Host } from './host.mjs';
import { configurations, exchanges } from './samples.mjs';

const [from, to] = process.argv.slice(2);
const module = new Module(readFileSync(from));
const marked = module.withMarks();
const host = await Host.start(marked.bytes);
const roots = configurations.map(([configuration, headers]) => [host.configure(configuration), headers]);
const marks = () => host.memory(marked.base, 2 * module.branches);
// A configuration is read once: only requests count.
marks().fill(0);
let [answered, passed] = [0, 0];
for (const [root, headers] of roots) {
  for (const exchange of exchanges(headers)) {
    if (host.exchange(root, exchange)) answered += 1;
    else passed += 1;
  }
}
host.tick();
if (answered === 0 || passed === 0) throw new Error('the samples do not have both calls that pass and calls that are refused');
const hinted = module.withHints(marks());
writeFileSync(to, hinted.bytes);
console.log(`${hinted.count} of ${module.branches} branches have a hint; of the samples ${passed} passed, ${answered} were refused`);
