// Reads Kubernetes objects as their API servers would, with the schemas that maintained packages carry.
//
//   check FILE...   prints { "objects": […], "faults": […] }: every object of the files, and what is wrong
//   patch FILE      reads { "resource": …, "operations": […] } and prints the patched resource; an operation may have a
//                   `jsonPath` before its `path`, as in an EnvoyPatchPolicy
//
// Runs in the folder of the packages, from standard input: see tests/envoy/kubernetes/objects.rs.
//
// The packages' validators see types, words, patterns and what is missing; what is unknown is seen by their TypeScript
// types alone. The packages leave out rules in CEL.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, join } from "node:path";
import { jsonpatch, jsonpath } from "json-p3";
import { parseAllDocuments } from "yaml";

// Whose objects are in which package.
const PACKAGES = {
  "apps": "kubernetes-models",
  "": "kubernetes-models",
  "gateway.networking.k8s.io": "@kubernetes-models/gateway-api",
  "gateway.envoyproxy.io": "@kubernetes-models/envoy-gateway",
  "extensions.istio.io": "@kubernetes-models/istio",
  "networking.istio.io": "@kubernetes-models/istio",
};

const verbs = { check, patch };
const [verb, ...rest] = process.argv.slice(2);
console.log(JSON.stringify(await verbs[verb](...rest)));

async function check(...files) {
  const found = files.flatMap(read);
  const faults = found.flatMap(({ faults }) => faults);
  const read_well = found.filter(({ object }) => object);
  for (const each of read_well) faults.push(...(await invalid(each)));
  faults.push(...unknown(read_well));
  return { objects: read_well.map(({ object }) => object), faults };
}

// YAML 1.1, as the readers in Go take it, and 1.2 must agree.
function read(file) {
  const text = readFileSync(file, "utf8");
  const old = parseAllDocuments(text, { version: "1.1" });
  return parseAllDocuments(text, { version: "1.2" }).map((document, index) => {
    const name = `${basename(file)}, object ${index + 1}`;
    const faults = [...document.errors, ...old[index].errors].map((error) => `${name}: ${error.message}`);
    if (faults.length > 0) return { faults };
    const object = document.toJS();
    if (JSON.stringify(object) !== JSON.stringify(old[index].toJS())) faults.push(`${name}: reads differently as YAML 1.1`);
    return { name: `${name}: ${object?.kind}`, object, faults };
  });
}

// Where the class of an object is, or nothing.
function module_of({ apiVersion, kind }) {
  const [group, version] = apiVersion.includes("/") ? apiVersion.split("/") : ["", apiVersion];
  const known = PACKAGES[group];
  return known && [known, group, version, kind].filter((part) => part !== "").join("/");
}

async function invalid({ name, object }) {
  const place = module_of(object);
  if (!place) return [`${name}: no package has \`${object.apiVersion}\``];
  const { [object.kind]: Model } = await import(place);
  try {
    new Model(object).validate();
    return [];
  } catch (error) {
    return [`${name}: ${error.message}`];
  }
}

function unknown(found) {
  const typed = found.filter(({ object }) => module_of(object));
  const lines = typed.map(({ object }, index) => {
    return (
      `import type { I${object.kind} as I${index} } from "${module_of(object)}";\n` +
      `export const object${index} = ${JSON.stringify(object)} satisfies I${index};\n`
    );
  });
  // Beside the packages, where the compiler finds them.
  const folder = mkdtempSync(join(process.cwd(), "check-"));
  const file = join(folder, "objects.ts");
  writeFileSync(file, lines.join(""));
  const compiler = createRequire(file).resolve("typescript/bin/tsc");
  const options = ["--noEmit", "--strict", "--skipLibCheck", "--module", "nodenext", "--pretty", "false"];
  try {
    execFileSync(process.execPath, [compiler, ...options, file], { cwd: folder, encoding: "utf8" });
    return [];
  } catch ({ stdout }) {
    // `objects.ts(4,…): error TS…`: two lines an object.
    const found = [...stdout.matchAll(/\((\d+),\d+\): error TS\d+: (.*)/g)];
    if (found.length === 0) throw new Error(stdout);
    return found.map(([_, line, message]) => `${typed[Math.ceil(Number(line) / 2) - 1].name}: ${message}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function patch(file) {
  const { resource, operations } = JSON.parse(readFileSync(file, "utf8"));
  return operations.reduce((resource, { jsonPath, path, ...operation }) => {
    if (jsonPath === undefined) return jsonpatch.apply([{ ...operation, path }], resource);
    const places = jsonpath.query(jsonPath, resource).pointers().map(String);
    // As Envoy Gateway says it.
    if (places.length === 0) throw new Error(`no jsonPointers were found while evaluating the jsonPath: '${jsonPath}'`);
    return jsonpatch.apply(places.map((place) => ({ ...operation, path: place + path })), resource);
  }, resource);
}
