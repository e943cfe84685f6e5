// A server of the TypeScript SDK 2.x for both eras, without sessions: behind `express.json()`, or with the body left to
// the SDK (`node`). In the era without a handshake it answers with JSON where it can (`json`), or with event streams
// (`events`); in the other era always with these.
//
// `/evil-runs` says how often the tool `evil` has run.
import { createServer } from "node:http";
import { createMcpExpressApp } from "@modelcontextprotocol/express";
import { toNodeHandler } from "@modelcontextprotocol/node";
import { McpServer, createMcpHandler } from "@modelcontextprotocol/server";
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
    server.registerTool(`value_${name}`, { inputSchema: z.object({ value }) }, ({ value }) => text(JSON.stringify(value)));
  }
  return server;
}

const text = (text) => ({ content: [{ type: "text", text }] });

const mcp = toNodeHandler(createMcpHandler(mcpServer, { responseMode: { json: "auto", events: "sse" }[form] }));

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
