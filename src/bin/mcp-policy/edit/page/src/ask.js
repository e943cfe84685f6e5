// Asks the command. The token is in the page's address, which no server sees, and stays in this tab.

const KEY = 'mcp-policy-edit';
if (location.hash.length > 1) {
  sessionStorage.setItem(KEY, location.hash.slice(1));
  history.replaceState(null, '', '/');
}

// Where `ask` puts a JSON text as it is written.
export const RAW = '\u0000raw';

// The answer to a request. `raw` is a JSON text in place of RAW. Fails with what the command says, or why it cannot be asked.
export async function ask(name, body = {}, raw = '{}') {
  const headers = { Authorization: `Bearer ${sessionStorage.getItem(KEY) ?? ''}`, 'Content-Type': 'application/json' };
  const answer = await fetch(`/api/${name}`, { method: 'POST', headers, body: JSON.stringify(body).replaceAll(JSON.stringify(RAW), () => raw) }).catch(() => null);
  if (!answer) throw new Error('the command does not answer: is `mcp-policy edit` still running?');
  const said = await answer.json().catch(() => ({ error: `the command answered with ${answer.status}` }));
  if (!answer.ok) throw new Error(said.error);
  return said;
}
