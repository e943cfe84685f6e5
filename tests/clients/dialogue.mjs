// A client whose call needs approval: it is asked, its user opens the page, an approver decides there, and the call is repeated.
//
//     dialogue.mjs HOW DECLARES CALL URL CONSOLE TOKEN
//
// HOW is `1`, `2` or `2-stateless`; DECLARES is `url`, or `nothing` for a client that shows no pages; CALL is a tool and its arguments,
// JSON; CONSOLE is the console's address, and TOKEN the approver's. Prints a JSON object: how the client was asked, what it got when
// the call was repeated and when it was made again, and what a user who declines gets.
//
// From its standard input, since Node looks for the packages of such a program in the current folder.
const [how, declares, call, url, console_, token] = process.argv.slice(2);

const sdk =
  how === "1"
    ? {
        ...(await import("@modelcontextprotocol/sdk/client/index.js")),
        ...(await import("@modelcontextprotocol/sdk/client/streamableHttp.js")),
        ...(await import("@modelcontextprotocol/sdk/types.js")),
      }
    : await import("@modelcontextprotocol/client");

// What the user does with the next page, and the pages that were shown.
let action = "approve";
const shown = [];

// An approver, who is another person than the agent, decides on the page.
async function decide(page) {
  const opened = await fetch(console_);
  const id = new URL(page).hash.slice(1);
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json", origin: console_ };
  const body = JSON.stringify({ decision: "approve", note: "seen" });
  const decided = await fetch(`${console_}/api/approvals/${id}`, { method: "POST", headers, body });
  return [opened.status, decided.status];
}

async function show({ params: { mode, message, url: page, elicitationId } }) {
  shown.push({ mode, message, url: page, elicitationId });
  if (action !== "approve") return { action };
  shown.at(-1).decided = await decide(page);
  return { action: "accept" };
}

async function attempt(client) {
  try {
    const result = await (how === "1" ? client.callTool(JSON.parse(call), undefined) : client.callTool(JSON.parse(call)));
    return result.isError ? { text: result.content[0].text } : "passed";
  } catch ({ code, message, data }) {
    return { code, message, pages: data?.elicitations };
  }
}

const options = {
  capabilities: declares === "url" ? { elicitation: { url: {} } } : {},
  ...(how === "2-stateless" ? { versionNegotiation: { mode: "auto" } } : {}),
};
const client = new sdk.Client({ name: "dialogue", version: "1" }, options);
if (declares === "url") client.setRequestHandler(how === "1" ? sdk.ElicitRequestSchema : "elicitation/create", show);
await client.connect(new sdk.StreamableHTTPClientTransport(new URL(url)));

const first = await attempt(client);
const found = { first };
if (first !== "passed") {
  const page = first.pages?.[0].url ?? /https?:\S*#[0-9a-f]+/.exec(first.message)[0];
  found.decided = await decide(page);
  found.repeated = await attempt(client);
}
found.shown = [...shown];
action = "decline";
found.again = await attempt(client);
console.log(JSON.stringify(found));
process.exit(0);
