// A server of the TypeScript SDK 1.x, without sessions: behind `express.json()`, as the SDK's own examples have it, or
// with the body left to the transport (`node`). It answers with JSON (`json`) or with event streams (`events`).
//
// `/evil-runs` says how often the tool `evil` has run.
import { createServer } from "node:http";
import { createMcpExpressApp } from "@modelcontextprotocol/sdk/server/express.js";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import { z } from "zod";

const [how, form] = process.argv.slice(2);
let evilRuns = 0;

// Tools that answer with the value that they received, as JSON.
const values = {
  text: z.string(),
  count: z.number().int(),
  amount: z.number(),
  flag: z.boolean(),
  names: z.array(z.string()),
  object: z.object({ name: z.string() }),
  any: z.any(),
  default: z.string().default("default"),
};

function mcpServer() {
  const server = new McpServer({ name: "attacked", version: "1" });
  server.registerTool("ok", { description: "Is permitted." }, () => text("ok has run"));
  server.registerTool("evil", { description: "Is never permitted." }, () => {
    evilRuns += 1;
    return text("evil has run");
  });
  for (const [name, value] of Object.entries(values)) {
    server.registerTool(`value_${name}`, { inputSchema: { value } }, ({ value }) => text(JSON.stringify(value)));
  }
  return server;
}

const text = (text) => ({ content: [{ type: "text", text }] });

async function mcp(request, response, body) {
  const server = mcpServer();
  const transport = new StreamableHTTPServerTransport({
    sessionIdGenerator: undefined,
    enableJsonResponse: form === "json",
  });
  response.on("close", () => server.close());
  await server.connect(transport);
  await transport.handleRequest(request, response, body);
}

function express() {
  const app = createMcpExpressApp({ allowedHosts: ["localhost"] });
  app.get("/evil-runs", (_, response) => response.send(String(evilRuns)));
  app.all("/mcp", (request, response) => mcp(request, response, request.body));
  return app;
}

function node(request, response) {
  if (request.url === "/evil-runs") return response.end(String(evilRuns));
  return mcp(request, response);
}

const server = createServer({ express: express(), node }[how]);
server.listen(0, "127.0.0.1", () => console.log(`listening on ${server.address().port}`));
