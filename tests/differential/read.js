// What a server that parses with `JSON.parse` would do for each body; see `scripts.rs`.
const ABOUT = {
  "tools/call": "name", "prompts/get": "name", "resources/read": "uri", "resources/subscribe": "uri",
  "resources/unsubscribe": "uri", "tasks/get": "taskId", "tasks/result": "taskId", "tasks/cancel": "taskId",
  "tasks/update": "taskId",
};
const has = (value, name) =>
  typeof value === "object" && value !== null && !Array.isArray(value) && Object.hasOwn(value, name);
const inside = (value, name) => (has(value, name) ? value[name] : undefined);

function scalar(value) {
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "string") return "s" + value.toWellFormed();
  if (typeof value !== "number") return Array.isArray(value) ? "array" : "object";
  const bits = Buffer.alloc(8);
  bits.writeDoubleBE(value + 0);
  return "n" + bits.toString("hex");
}

const inner = (value, name) => (has(value, name) ? scalar(value[name]) : null);

function act(message) {
  const done = { method: null, about: null, id: inner(message, "id"), amount: null, payee: null };
  const method = inside(message, "method");
  if (typeof method !== "string") return done;
  done.method = method.toWellFormed();
  const params = inside(message, "params");
  const about = Object.hasOwn(ABOUT, method) ? inside(params, ABOUT[method]) : undefined;
  if (typeof about === "string") done.about = about.toWellFormed();
  if (method === "tools/call") {
    const args = inside(params, "arguments");
    done.amount = inner(args, "amount");
    done.payee = inner(inside(args, "to"), "name");
  }
  return done;
}

function acts(value) {
  if (Array.isArray(value)) return value.flatMap(acts);
  return typeof value === "object" && value !== null ? [act(value)] : [];
}

const lines = require("fs").readFileSync(0, "latin1").split("\n").slice(0, -1);
const read = lines.map((line) => {
  try {
    // As `Request.json()` does: a byte order mark is dropped, what is not UTF-8 is replaced.
    return acts(JSON.parse(new TextDecoder().decode(Buffer.from(line, "base64"))));
  } catch {
    return null;
  }
});
process.stdout.write(read.map((done) => JSON.stringify(done) + "\n").join(""));
