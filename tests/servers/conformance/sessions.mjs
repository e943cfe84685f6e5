// A server for the conformance suites of the revisions with sessions, of the TypeScript SDK 1.x.
import { randomUUID } from "node:crypto";
import { createMcpExpressApp } from "@modelcontextprotocol/sdk/server/express.js";
import { McpServer, ResourceTemplate } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import {
  CompleteRequestSchema,
  CreateMessageResultSchema,
  ElicitResultSchema,
  SubscribeRequestSchema,
  UnsubscribeRequestSchema,
  isInitializeRequest,
} from "@modelcontextprotocol/sdk/types.js";
import { z } from "zod";

const { addFeatures, text } = await import(process.argv[2]);

const kit = {
  z,
  ResourceTemplate,
  shape: (shape) => shape,
  token: (context) => context._meta?.progressToken,
  notify: (context, notification) => context.sendNotification(notification),
  log: (context, data) =>
    context.sendNotification({ method: "notifications/message", params: { level: "info", data } }),
};

const OPTIONS = ["option1", "option2", "option3"];
const titled = (words, ...names) => names.map((title, index) => ({ const: `value${index + 1}`, title: `${title} ${words}` }));

// Forms that a person is asked to fill in, by the tool that asks.
const FORMS = {
  test_elicitation_sep1034_defaults: {
    name: { type: "string", default: "John Doe" },
    age: { type: "integer", default: 30 },
    score: { type: "number", default: 95.5 },
    status: { type: "string", enum: ["active", "inactive", "pending"], default: "active" },
    verified: { type: "boolean", default: true },
  },
  test_elicitation_sep1330_enums: {
    untitledSingle: { type: "string", enum: OPTIONS },
    titledSingle: { type: "string", oneOf: titled("Option", "First", "Second", "Third") },
    legacyEnum: { type: "string", enum: ["opt1", "opt2", "opt3"], enumNames: ["Option One", "Option Two", "Option Three"] },
    untitledMulti: { type: "array", items: { type: "string", enum: OPTIONS } },
    titledMulti: { type: "array", items: { anyOf: titled("Choice", "First", "Second", "Third") } },
  },
};

async function elicit(context, message, properties, required = []) {
  const params = { message, requestedSchema: { type: "object", properties, required } };
  return context.sendRequest({ method: "elicitation/create", params }, ElicitResultSchema);
}

function mcpServer() {
  const capabilities = { logging: {}, completions: {}, resources: { subscribe: true } };
  const server = new McpServer({ name: "conformance", version: "1" }, { capabilities });
  addFeatures(server, kit);
  for (const [name, properties] of Object.entries(FORMS)) {
    server.registerTool(name, { description: "Asks a person." }, async (context) => {
      const { action, content } = await elicit(context, "Please fill in the form", properties);
      return text(`Elicitation completed: action=${action}, content=${JSON.stringify(content ?? {})}`);
    });
  }
  const asked = { description: "Asks a person.", inputSchema: { message: z.string() } };
  server.registerTool("test_elicitation", asked, async ({ message }, context) => {
    const described = (description) => ({ type: "string", description });
    const properties = { username: described("User's response"), email: described("User's email address") };
    const { action, content } = await elicit(context, message, properties, ["username", "email"]);
    return text(`User response: action=${action}, content=${JSON.stringify(content ?? {})}`);
  });
  const sampled = { description: "Asks the client's model.", inputSchema: { prompt: z.string() } };
  server.registerTool("test_sampling", sampled, async ({ prompt }, context) => {
    const params = { messages: [{ role: "user", content: { type: "text", text: prompt } }], maxTokens: 100 };
    const answer = await context.sendRequest({ method: "sampling/createMessage", params }, CreateMessageResultSchema);
    return text(`LLM response: ${answer.content.text}`);
  });
  server.registerTool("test_reconnection", { description: "Closes its stream." }, async (context) => {
    context.closeSSEStream?.();
    await new Promise((resolve) => setTimeout(resolve, 100));
    return text("Reconnection test completed successfully");
  });
  server.server.setRequestHandler(CompleteRequestSchema, () => ({ completion: { values: [], total: 0, hasMore: false } }));
  for (const schema of [SubscribeRequestSchema, UnsubscribeRequestSchema]) server.server.setRequestHandler(schema, () => ({}));
  return server;
}

// What a stream has sent, for clients that open it again.
function eventStore() {
  const events = [];
  return {
    async storeEvent(stream, message) {
      events.push({ stream, message });
      return `${events.length}`;
    },
    async replayEventsAfter(last, { send }) {
      const stream = events[last - 1]?.stream;
      for (const [index, event] of events.entries()) {
        if (index >= last && event.stream === stream) await send(`${index + 1}`, event.message);
      }
      return stream;
    },
  };
}

const sessions = new Map();

async function open() {
  const transport = new StreamableHTTPServerTransport({
    sessionIdGenerator: randomUUID,
    eventStore: eventStore(),
    retryInterval: 500,
    onsessioninitialized: (id) => sessions.set(id, transport),
    onsessionclosed: (id) => sessions.delete(id),
  });
  await mcpServer().connect(transport);
  return transport;
}

const app = createMcpExpressApp();
app.all("/mcp", async (request, response) => {
  const id = request.headers["mcp-session-id"];
  const known = sessions.get(id) ?? (isInitializeRequest(request.body) ? await open() : undefined);
  if (known) return known.handleRequest(request, response, request.body);
  const error = { code: -32000, message: id ? "Session not found" : "No session" };
  return response.status(id ? 404 : 400).json({ jsonrpc: "2.0", error, id: null });
});
const server = app.listen(0, "127.0.0.1", () => console.log(`listening on ${server.address().port}`));
