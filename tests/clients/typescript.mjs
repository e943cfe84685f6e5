// A client that is refused, and then makes a good call on the same session, as `python/client.py` describes it.
//
//     typescript.mjs HOW CALLS URL     HOW is `1`, `2` or `2-stateless`
//
// From its standard input, since Node looks for the packages of such a program in the current folder.
const [how, calls, url] = process.argv.slice(2);
const SECONDS = 10;

const { Client, StreamableHTTPClientTransport } =
  how === "1"
    ? {
        ...(await import("@modelcontextprotocol/sdk/client/index.js")),
        ...(await import("@modelcontextprotocol/sdk/client/streamableHttp.js")),
      }
    : await import("@modelcontextprotocol/client");

async function connect() {
  const options = how === "2-stateless" ? { versionNegotiation: { mode: "auto" } } : {};
  const client = new Client({ name: "refused", version: "1" }, options);
  await client.connect(new StreamableHTTPClientTransport(new URL(url)));
  return client;
}

const deep = (levels) => (levels ? [deep(levels - 1)] : 1);

function request({ name, arguments: given = {}, deep: levels, large, cut }) {
  const value = levels ? deep(levels) : large ? "x".repeat(large) : cut ? "\ud83d" : undefined;
  return { name, arguments: value === undefined ? given : { ...given, value } };
}

async function attempt(client, call) {
  try {
    const call_options = { timeout: SECONDS * 1000 };
    const result = await (how === "1"
      ? client.callTool(request(call), undefined, call_options)
      : client.callTool(request(call), call_options));
    const text = result.content.map(({ text }) => text).join(" ");
    if (result.isError) return `isError: ${text}`;
    // What the gateway has put into an answer.
    return text.includes("[redacted]") ? `ok: ${text}` : "ok";
  } catch (error) {
    return `${error.constructor.name}: ${error.message}`.slice(0, 300);
  }
}

const { good, ...kinds } = JSON.parse(calls);
const found = {};
let client = await connect();
for (const [kind, attempts] of Object.entries(kinds)) {
  if (kind.startsWith("unread")) client = await connect();
  let told;
  for (const call of attempts) told = await attempt(client, call);
  found[kind] = { told, then: await attempt(client, good[0]) };
}
console.log(JSON.stringify(found));
process.exit(0);
