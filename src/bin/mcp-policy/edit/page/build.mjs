// Makes `dist/edit.js` of `src`, and `dist/LICENSES.txt` of the packages that are in it:
//
//   npm ci --ignore-scripts && node build.mjs
//
// With MODULES=FOLDER it takes the packages from `FOLDER/node_modules`, and with OUT=FOLDER it writes there. Same sources and same
// lock file, same bytes: `tests/browser/bundle.test.mjs` compares them.

import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const modules = `${process.env.MODULES ?? here}/node_modules`;
const out = process.env.OUT ?? `${here}dist`;
const { build } = createRequire(`${modules}/`)('esbuild');

const { metafile, outputFiles } = await build({
  absWorkingDir: here,
  entryPoints: ['src/main.jsx'],
  nodePaths: [modules],
  bundle: true,
  charset: 'utf8',
  format: 'esm',
  jsx: 'automatic',
  jsxImportSource: 'preact',
  legalComments: 'none',
  metafile: true,
  minify: true,
  target: 'es2022',
  write: false,
});

// The packages whose code is in the bundle.
const names = Object.keys(metafile.inputs).flatMap((input) => input.match(/.*node_modules\/((?:@[^/]+\/)?[^/]+)/)?.[1] ?? []);
const licence = (name) => {
  const folder = `${modules}/${name}`;
  const { version } = JSON.parse(readFileSync(`${folder}/package.json`));
  const file = readdirSync(folder).find((file) => /^licen[sc]e/i.test(file));
  return `${name} ${version}\n\n${readFileSync(`${folder}/${file}`, 'utf8').trim()}\n`;
};
mkdirSync(out, { recursive: true });
writeFileSync(`${out}/edit.js`, outputFiles[0].contents);
writeFileSync(`${out}/LICENSES.txt`, [...new Set(names)].sort().map(licence).join(`\n${'-'.repeat(80)}\n\n`));
