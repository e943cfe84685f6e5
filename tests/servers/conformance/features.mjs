// The tools, resources and prompts that the conformance suites call, by the requirements that their scenarios state. They are the
// same for both major versions of the SDK: what differs is given as `kit`.

const PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==";
const WAV = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQAAAAA=";

const word = (text) => ({ type: "text", text });
const image = { type: "image", data: PNG, mimeType: "image/png" };
const resource = (uri, mimeType, text) => ({ type: "resource", resource: { uri, mimeType, text } });

export const text = (text) => ({ content: [word(text)] });

const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

// Tools that always answer the same.
const CONTENTS = {
  test_simple_text: [word("This is a simple text response for testing.")],
  test_image_content: [image],
  test_audio_content: [{ type: "audio", data: WAV, mimeType: "audio/wav" }],
  test_embedded_resource: [resource("test://embedded-resource", "text/plain", "This is an embedded resource content.")],
  test_multiple_content_types: [
    word("Multiple content types test:"),
    image,
    resource("test://mixed-content-resource", "application/json", JSON.stringify({ test: "data", value: 123 })),
  ],
};

// `kit.notify(context, notification)` sends a notification about a call, `kit.token(context)` is its progress token,
// `kit.log(context, text)` logs, `kit.shape(shape)` makes a schema of arguments.
export function addFeatures(server, kit) {
  for (const [name, content] of Object.entries(CONTENTS)) {
    server.registerTool(name, { description: `Answers with fixed content: ${name}` }, () => ({ content }));
  }
  server.registerTool("test_error_handling", { description: "Fails." }, () => {
    throw new Error("This tool intentionally returns an error for testing");
  });
  server.registerTool("test_tool_with_logging", { description: "Logs while it runs." }, async (context) => {
    for (const line of ["Tool execution started", "Tool processing data", "Tool execution completed"]) {
      await kit.log(context, line);
      await sleep(50);
    }
    return text("Tool with logging executed successfully");
  });
  server.registerTool("test_tool_with_progress", { description: "Reports progress." }, async (context) => {
    const progressToken = kit.token(context);
    for (const progress of [0, 50, 100]) {
      const params = { progressToken, progress, total: 100 };
      if (progressToken !== undefined) await kit.notify(context, { method: "notifications/progress", params });
      await sleep(50);
    }
    return text("Tool with progress executed successfully");
  });
  addResources(server, kit);
  addPrompts(server, kit);
}

function addResources(server, kit) {
  const read = (mimeType, text) => ({ href }) => ({ contents: [{ uri: href, mimeType, text }] });
  const add = (name, mimeType, read) =>
    server.registerResource(name, `test://${name}`, { description: `The resource ${name}`, mimeType }, read);
  add("static-text", "text/plain", read("text/plain", "This is the content of the static text resource."));
  add("static-binary", "image/png", ({ href }) => ({ contents: [{ uri: href, mimeType: "image/png", blob: PNG }] }));
  add("watched-resource", "text/plain", read("text/plain", "Watched resource content"));
  const template = new kit.ResourceTemplate("test://template/{id}/data", { list: undefined });
  const described = { description: "A resource for each id", mimeType: "application/json" };
  server.registerResource("template", template, described, ({ href }, { id }) => {
    const data = { id, templateTest: true, data: `Data for ID: ${id}` };
    return { contents: [{ uri: href, mimeType: "application/json", text: JSON.stringify(data) }] };
  });
}

function addPrompts(server, kit) {
  const says = (...contents) => ({ messages: contents.map((content) => ({ role: "user", content })) });
  const add = (name, argsSchema, get) =>
    server.registerPrompt(name, { description: `The prompt ${name}`, ...(argsSchema && { argsSchema }) }, get);
  add("test_simple_prompt", undefined, () => says(word("This is a simple prompt for testing.")));
  add("test_prompt_with_arguments", kit.shape({ arg1: kit.z.string(), arg2: kit.z.string() }), ({ arg1, arg2 }) =>
    says(word(`Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`)),
  );
  add("test_prompt_with_embedded_resource", kit.shape({ resourceUri: kit.z.string() }), ({ resourceUri }) =>
    says(
      resource(resourceUri, "text/plain", "Embedded resource content for testing."),
      word("Please process the embedded resource above."),
    ),
  );
  add("test_prompt_with_image", undefined, () => says(image, word("Please analyze the image above.")));
}
