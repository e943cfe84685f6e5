// A server for the conformance suite of revision 2026-07-28, of the TypeScript SDK 2.x. A `lenient` one does not compare
// `Mcp-Method` and `Mcp-Name` with the body, as many servers do not.
import { createServer } from "node:http";
import { createMcpExpressApp } from "@modelcontextprotocol/express";
import { toNodeHandler } from "@modelcontextprotocol/node";
import {
  McpServer,
  MissingRequiredClientCapabilityError,
  ResourceTemplate,
  acceptedContent,
  createMcpHandler,
  createRequestStateCodec,
  inputRequired,
  inputResponse,
} from "@modelcontextprotocol/server";
import { randomBytes } from "node:crypto";
import { z } from "zod";

const [features, how] = process.argv.slice(2);
const { addFeatures, text } = await import(features);

const kit = {
  z,
  ResourceTemplate,
  shape: (shape) => z.object(shape),
  token: (context) => context.mcpReq._meta?.progressToken,
  notify: (context, notification) => context.mcpReq.notify(notification),
  log: (context, data) => context.mcpReq.log("info", data),
};

const codec = createRequestStateCodec({ key: randomBytes(32) });
const CAPABILITIES = "io.modelcontextprotocol/clientCapabilities";

const form = (message, field, type = "string") =>
  inputRequired.elicit({ message, requestedSchema: { type: "object", properties: { [field]: { type } }, required: [field] } });
const sample = (words, maxTokens) =>
  inputRequired.createMessage({ messages: [{ role: "user", content: { type: "text", text: words } }], maxTokens });

// What a tool asks its client for before it answers.
const ASKED = {
  elicitation: { user_name: form("What is your name?", "name") },
  sampling: { capital_question: sample("What is the capital of France?", 100) },
  list_roots: { client_roots: inputRequired.listRoots() },
  multiple_inputs: {
    user_name: form("What is your name?", "name"),
    greeting: sample("Generate a greeting", 50),
    client_roots: inputRequired.listRoots(),
  },
  request_state: { confirm: form("Please confirm", "ok", "boolean") },
  tampered_state: { confirm: form("Please confirm", "ok", "boolean") },
};
const WITH_STATE = ["multiple_inputs", "request_state", "tampered_state"];

function addInputTools(server) {
  const add = (name, run) => server.registerTool(`test_input_required_result_${name}`, { description: "Needs input." }, run);
  for (const [name, inputRequests] of Object.entries(ASKED)) {
    add(name, async ({ mcpReq }) => {
      const answered = Object.keys(inputRequests).map((key) => inputResponse(mcpReq.inputResponses, key));
      const [first] = answered;
      const state = WITH_STATE.includes(name);
      if (answered.some(({ kind }) => kind === "missing") || (state && !mcpReq.requestState())) {
        return inputRequired({ inputRequests, ...(state && { requestState: await codec.mint({ name }) }) });
      }
      return text(`state-ok: Hello, ${first.content?.name ?? JSON.stringify(first)}!`);
    });
  }
  add("multi_round", async ({ mcpReq }) => {
    const { round = 1 } = mcpReq.requestState() ?? {};
    const steps = { 1: ["step1", "Step 1: What is your name?", "name"], 2: ["step2", "Step 2: What is your favorite color?", "color"] };
    const next = acceptedContent(mcpReq.inputResponses, `step${round}`) ? round + 1 : round;
    if (next > 2) return text("All rounds are complete");
    const [key, message, field] = steps[next];
    return inputRequired({ inputRequests: { [key]: form(message, field) }, requestState: await codec.mint({ round: next }) });
  });
  add("capabilities", ({ mcpReq }) => {
    const declared = mcpReq.envelope?.[CAPABILITIES] ?? {};
    const inputRequests = {
      ...(declared.elicitation && { user_name: form("What is your name?", "name") }),
      ...(declared.sampling && { greeting: sample("Generate a greeting", 50) }),
    };
    return mcpReq.inputResponses || !Object.keys(inputRequests).length ? text("done") : inputRequired({ inputRequests });
  });
  server.registerTool("test_missing_capability", { description: "Needs sampling." }, ({ mcpReq }) => {
    if (mcpReq.envelope?.[CAPABILITIES]?.sampling) return text("sampling is there");
    throw new MissingRequiredClientCapabilityError({ requiredCapabilities: { sampling: {} } });
  });
  const described = { description: "Needs input." };
  server.registerPrompt("test_input_required_result_prompt", described, ({ mcpReq }) => {
    const context = acceptedContent(mcpReq.inputResponses, "user_context");
    if (!context) {
      return inputRequired({ inputRequests: { user_context: form("What context should the prompt use?", "context") } });
    }
    return { messages: [{ role: "user", content: { type: "text", text: `With ${context.context}` } }] };
  });
}

function mcpServer() {
  const server = new McpServer(
    { name: "conformance", version: "1" },
    { capabilities: { logging: {}, completions: {} }, requestState: { verify: codec.verify } },
  );
  addFeatures(server, kit);
  addInputTools(server);
  server.server.setRequestHandler("completion/complete", () => ({ completion: { values: [], total: 0, hasMore: false } }));
  return server;
}

const mcp = toNodeHandler(createMcpHandler(mcpServer));
const app = createMcpExpressApp();
app.all("/mcp", (request, response) => {
  const { method, params } = request.body ?? {};
  if (how === "lenient") Object.assign(request.headers, { "mcp-method": method, "mcp-name": params?.name ?? params?.uri ?? params?.taskId });
  return mcp(request, response, request.body);
});
const server = createServer(app);
server.listen(0, "127.0.0.1", () => console.log(`listening on ${server.address().port}`));
