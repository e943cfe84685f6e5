// Runs the stages in V8: `node run.mjs MICROBENCH.WASM`.
import { readFileSync } from "node:fs";
import { WASI } from "node:wasi";

const wasi = new WASI({ version: "preview1" });
const module = await WebAssembly.compile(readFileSync(process.argv[2]));
// The library asks for a gateway, which is never called here.
const gateway = new Proxy({}, { get: () => () => 12 });
const { exports } = await WebAssembly.instantiate(module, { ...wasi.getImportObject(), env: gateway });
// It exports what a filter exports, too, which Node does not expect of a program.
wasi.start({ exports: { memory: exports.memory, _start: exports._start } });
