// A client that is configured by what `./build.sh run` prints, as `python/configured.py` describes it.
//
//     configured.mjs HOW CONFIGURATION     HOW is `1` or `2`; CONFIGURATION is a file
//
// From its standard input, since Node looks for the packages of such a program in the current folder.
import { readFileSync } from "node:fs";

const [how, file] = process.argv.slice(2);
const { Client, StreamableHTTPClientTransport } =
  how === "1"
    ? {
        ...(await import("@modelcontextprotocol/sdk/client/index.js")),
        ...(await import("@modelcontextprotocol/sdk/client/streamableHttp.js")),
      }
    : await import("@modelcontextprotocol/client");

const [{ url, headers }] = Object.values(JSON.parse(readFileSync(file, "utf8")).mcpServers);
const client = new Client({ name: "configured", version: "1" }, {});
await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } }));

async function attempt(name, given) {
  try {
    const { content } = await client.callTool({ name, arguments: given });
    return content.map(({ text }) => text).join(" ");
  } catch (error) {
    return `${error.constructor.name}: ${error.message}`.slice(0, 300);
  }
}

const { tools } = await client.listTools();
const allowed = await attempt("echo", { message: "yes" });
const denied = await attempt("get-env", {});
console.log(JSON.stringify({ tools: tools.map(({ name }) => name), allowed, denied }));
process.exit(0);
