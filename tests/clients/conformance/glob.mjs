// For Node 20: the conformance suites import `globSync` from `fs`, for a command that no test runs. Given to Node by `--import`.
import { register } from "node:module";

const fs = 'export * from "node:fs"; export { default } from "node:fs"; export const globSync = undefined;';
const hooks = `export function resolve(specifier, context, next) {
  const isSuite = specifier === "fs" && context.parentURL?.includes("/node_modules/conformance-");
  return isSuite ? { url: ${JSON.stringify(`data:text/javascript,${encodeURIComponent(fs)}`)}, shortCircuit: true } : next(specifier, context);
}`;

register(`data:text/javascript,${encodeURIComponent(hooks)}`);
