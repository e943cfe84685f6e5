// A call: a form of the tool's `inputSchema`, who calls and when; the decision, its steps, and what the agent gets.

import { useEffect, useState } from 'preact/hooks';
import { RAW, ask } from './ask.js';
import { Field } from './field.jsx';
import { minimal } from './schema.js';

const parse = (text) => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

// A value with another one at a place.
function replaced(value, [token, ...rest], change) {
  const copy = Array.isArray(value) ? [...value] : { ...value };
  if (rest.length) copy[token] = replaced(copy[token], rest, change);
  else if (change !== undefined) copy[token] = change;
  else if (Array.isArray(copy)) copy.splice(Number(token), 1);
  else delete copy[token];
  return copy;
}

// What a call of a row is named by, and whose arguments it has.
const CALLS = {
  tools: (name, args) => ({ tool: name, args }),
  prompts: (name, args) => ({ method: 'prompts/get', params: { name, arguments: args } }),
  resources: (name) => ({ method: 'resources/read', params: { uri: name } }),
};

const MAIN = [['as', 'Who calls', 'jwt:alice'], ['at', 'When, UTC', '2026-01-01T00:00:00Z'], ['times', 'How often', '1']];
const MORE = [
  ['claims', 'Claims of the token, JSON', '{"groups": ["billing"]}'], ['session', 'MCP session', ''], ['route', 'Route', ''], ['host', 'Host', ''], ['path', 'Path', '/mcp'],
];

export function Try({ row, details, text, cases, onCases, announce }) {
  const schema = details?.schema && typeof details.schema === 'object' ? details.schema : { type: 'object' };
  const [args, setArgs] = useState('{}');
  const [who, setWho] = useState({});
  const [result, setResult] = useState(null);
  const [name, setName] = useState('');
  const key = `${row.section}/${row.name}/${row.target}`;
  useEffect(() => {
    setArgs(JSON.stringify(minimal(schema, schema), null, 2));
    setResult(null);
  }, [key]);

  const value = parse(args);
  const form = {
    root: schema, paths: [], problems: () => [], isBroken: () => false,
    set: (at, json) => setArgs(JSON.stringify(at.length ? replaced(value ?? {}, at, JSON.parse(json)) : JSON.parse(json), null, 2)),
    remove: (at) => setArgs(JSON.stringify(replaced(value ?? {}, at, undefined), null, 2)),
  };
  // The call as a case writes it. The arguments are sent as they are written, so that no number changes.
  const body = (more) => {
    const call = { ...CALLS[row.section](row.name, RAW), ...Object.fromEntries(Object.entries(who).filter(([key, one]) => one && !['claims', 'times'].includes(key))) };
    if (who.times) call.times = Number(who.times);
    if (who.claims) call.claims = parse(who.claims) ?? who.claims;
    return { text, call, ...more };
  };
  const send = async (to, more) => {
    if (row.section !== 'resources' && value === undefined) throw new Error('the arguments are not JSON');
    return ask(to, body(more), args);
  };
  const run = async (event) => {
    event.preventDefault();
    setResult(null);
    try {
      const done = await send('try');
      setResult(done);
      setName(`${row.label}: ${done.decision.replaceAll('_', ' ')}`);
      announce(`Decision: ${done.decision.replaceAll('_', ' ')}`);
    } catch ({ message }) {
      setResult({ error: message });
    }
  };
  const keep = async () => {
    try {
      onCases((await send('keep', { cases, name })).cases);
      announce(`The case “${name}” is kept. Save writes it.`);
    } catch ({ message }) {
      setResult({ ...result, error: message });
    }
  };
  const input = ([key, label, placeholder]) => (
    <div class="field" key={key}><div class="line"><label for={`who-${key}`}>{label}</label>
      <input id={`who-${key}`} placeholder={placeholder} autocomplete="off" value={who[key] ?? ''} onInput={({ target }) => setWho({ ...who, [key]: target.value })} /></div></div>
  );
  return (
    <form class="form" onSubmit={run}>
      <h2>Try <code>{row.label}</code></h2>
      {row.section !== 'resources' && <>
        <Field schema={{ ...schema, title: 'Arguments', description: undefined }} value={value} at={[]} form={form} label="Arguments" />
        <div class="field"><label for="args">Arguments, JSON</label><textarea id="args" rows="4" spellcheck={false} value={args} onInput={({ target }) => setArgs(target.value)} /></div>
      </>}
      <fieldset class="field group who"><legend>Caller and time</legend>
        {MAIN.map(input)}
        <details><summary>Claims, session, route, host and path</summary>{MORE.map(input)}</details>
      </fieldset>
      <p><button class="main">Try it</button></p>
      {result?.error && <p class="problems" role="alert">{result.error}</p>}
      {result?.decision && <Result result={result} />}
      {result?.decision && (
        <p class="keep"><label for="case-name">Name of the case</label><input id="case-name" value={name} onInput={({ target }) => setName(target.value)} /> <button type="button" onClick={keep}>Keep as a case</button></p>
      )}
    </form>
  );
}

function Result({ result }) {
  const reply = result.reply && parse(result.reply);
  return (
    <section aria-label="Decision">
      <p class={`outcome ${result.decision}`}><strong>{result.decision.replaceAll('_', ' ')}</strong>{result.rule && <> by <code>{result.rule}</code></>}</p>
      {result.runs.length > 1 && <ul>{result.runs.map(({ times, decision, rule }) => <li>{times} × {decision.replaceAll('_', ' ')}{rule && ` by ${rule}`}</li>)}</ul>}
      {result.shadow && <p>In shadow mode: {result.shadow.decision.replaceAll('_', ' ')} by <code>{result.shadow.rule}</code></p>}
      <ol class="steps">{result.steps.map(({ rule, text }) => <li>{rule && <><code>{rule}</code>: </>}{text}</li>)}</ol>
      {result.reply
        ? <><h3>What the agent gets (HTTP {result.status})</h3><pre tabIndex={0}>{reply ? JSON.stringify(reply, null, 2) : result.reply}</pre></>
        : <p>The call reaches the server, and the agent gets its answer.</p>}
    </section>
  );
}
