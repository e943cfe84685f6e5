// The client of the TypeScript SDK 1.x: uses all of a server at the URL that it is given. Runs in the folder of the SDK.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const from = createRequire(`${process.cwd()}/`);
const load = (name) => import(pathToFileURL(from.resolve(`@modelcontextprotocol/sdk/${name}`)));
const { Client } = await load("client/index.js");
const { StreamableHTTPClientTransport } = await load("client/streamableHttp.js");

const client = new Client({ name: "recorded", version: "1.0.0" }, { capabilities: { roots: { listChanged: true } } });
const transport = new StreamableHTTPClientTransport(new URL(process.argv.at(-1)));
await client.connect(transport);
await client.ping();
await client.listTools();
await client.listPrompts();
await client.listResources();
await client.listResourceTemplates();
for (const text of ["a", "“é🦀”\n\t\\ \u0001", ""]) {
  await client.callTool({ name: "ok", arguments: { text, count: 2 } }, undefined, { onprogress: () => {} });
}
await client.getPrompt({ name: "greet", arguments: { name: "Alice" } });
await client.readResource({ uri: "note://today" });
await client.complete({ ref: { type: "ref/prompt", name: "greet" }, argument: { name: "name", value: "o" } });
await client.sendRootsListChanged();
await transport.terminateSession();
await client.close();
