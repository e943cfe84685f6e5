// A gateway of the test's own: serves the page from the sources, and answers its API from what a test has put there.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';

const PAGE = new URL('../../src/console/page/', import.meta.url);
const FILES = {
  '/': ['index.html', 'text/html; charset=utf-8'],
  '/console.js': ['console.js', 'text/javascript; charset=utf-8'],
  '/console.css': ['console.css', 'text/css; charset=utf-8'],
};

// As the module sends them.
const HEADERS = {
  'Content-Security-Policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; " +
    "frame-ancestors 'none'",
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cache-Control': 'no-store',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
};

// Two hours from the machine's clock, so that a page that trusts its own shows it.
export const NOW = Date.now() + 2 * 3600 * 1000;

// A moment `seconds` after the gateway's now.
export const at = (seconds) => new Date(NOW + seconds * 1000).toISOString().replace(/\.\d+/, '');

export class Gateway {
  // The token of an approver; without one, every visitor is an approver.
  token = null;
  // How many items a page of a list has.
  pageSize = 1000;
  approvals = [];
  counters = [];
  decisions = [];
  drifts = [];
  // The requests that it has had: `GET /api/approvals`; and of these, the ones that were answered with 304.
  asked = [];
  unchanged = [];
  // The bodies of answers that it took.
  answered = [];
  // Seconds by which its clock has gone on.
  moved = 0;

  static async start(state = {}) {
    const gateway = Object.assign(new Gateway(), state);
    await gateway.start();
    return gateway;
  }

  // Also after `stop`, at the same place.
  async start() {
    this.server = createServer((request, response) => this.#serve(request, response));
    await new Promise((resolve) => this.server.listen(this.port ?? 0, '127.0.0.1', resolve));
    this.port = this.server.address().port;
    this.url = `http://127.0.0.1:${this.port}`;
  }

  // Ends open connections, too, as a gateway that is killed does.
  stop() {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(resolve));
  }

  async #serve(request, response) {
    let body = '';
    for await (const chunk of request) body += chunk;
    this.asked.push(`${request.method} ${request.url}`);
    const [status, type, text, version] = this.#answer(request, body);
    if (version && request.headers['if-none-match'] === version) {
      this.unchanged.push(`${request.method} ${request.url}`);
      response.writeHead(304, { ...HEADERS, ETag: version });
      return response.end();
    }
    response.writeHead(status, { ...HEADERS, 'Content-Type': type, ...(version && { ETag: version }) });
    response.end(text);
  }

  #answer(request, body) {
    if (request.headers.host !== `127.0.0.1:${this.port}`) return refused(421, 'the host is not one of this console');
    const file = FILES[request.url];
    if (file) return [200, file[1], readFileSync(new URL(file[0], PAGE))];
    if (this.token && request.headers.authorization !== `Bearer ${this.token}`) {
      return refused(401, "not signed in: send an approver's token");
    }
    if (request.method === 'POST') return this.#decide(request, body);
    const pending = this.approvals.filter(({ state }) => state === 'pending').length;
    switch (request.url.split('?')[0]) {
      case '/api/approvals': return this.#list(request, 'approvals', { you: 'bearer:9f86d081884c7d65', pending });
      case '/api/counters': return this.#list(request, 'counters');
      case '/api/decisions': return this.#list(request, 'decisions');
      case '/api/drifts': return this.#list(request, 'drifts');
      default: return refused(404, 'no such page');
    }
  }

  #list(request, name, more) {
    const start = Number(request.url.split('?after=')[1] ?? 0);
    const end = start + this.pageSize;
    const page = { ...more, [name]: this[name].slice(start, end), next: this[name].length > end ? `${end}` : undefined };
    const version = `"${createHash('sha256').update(JSON.stringify(page)).digest('hex')}"`;
    return [...json({ now: at(this.moved), ...page }), version];
  }

  #decide({ url, headers }, body) {
    if (headers.origin !== this.url) return refused(403, `the origin \`${headers.origin}\` is not one of this console`);
    if (headers['content-type'] !== 'application/json') return refused(415, 'send `application/json`');
    if (url.startsWith('/api/drifts/')) return this.#accept(url.slice('/api/drifts/'.length), JSON.parse(body));
    const id = url.slice('/api/approvals/'.length);
    const approval = this.approvals.find((one) => one.id === id);
    if (!approval) return refused(404, 'no such approval is pending; it has expired, or its call was made');
    if (this.unwilling) return refused(...this.unwilling);
    if (approval.yours) return refused(403, 'you cannot approve your own call; ask another approver');
    if (approval.state !== 'pending') return refused(409, `this was ${approval.state} already by \`${approval.approver}\``);
    const { decision, note, ...rest } = JSON.parse(body);
    if (!['approve', 'reject'].includes(decision) || Object.keys(rest).length) return refused(400, 'not an answer');
    if (decision === 'reject' && !note) return refused(400, 'a rejection needs a note; say why, since the agent reads it');
    this.answered.push({ id, decision, note });
    Object.assign(approval, { state: decision === 'approve' ? 'approved' : 'rejected', approver: 'bearer:9f86d081884c7d65', note });
    return json(approval);
  }

  #accept(id, { decision, note }) {
    const drift = this.drifts.find((one) => one.id === id);
    if (!drift) return refused(404, 'no such definition is denied; the server has shown another one since, or it is mended');
    if (decision !== 'accept') return refused(400, 'not an answer');
    this.answered.push({ id, decision, note });
    Object.assign(drift, { state: 'accepted' });
    return json(drift);
  }
}

const json = (value) => [200, 'application/json', JSON.stringify(value)];

const refused = (status, error) => [status, 'application/json', JSON.stringify({ error })];

// An approval that waits, with what a test says otherwise.
export const approval = (other = {}) => ({
  id: '3f9c0a1b2c3d4e5f6071',
  state: 'pending',
  filter: 'mcp-policy',
  policy: 'default',
  rule: '/tools/create_charge/require_approval/0',
  config: '0123456789abcdef',
  grant: 'address:127.0.0.1',
  method: 'tools/call',
  tool: 'create_charge',
  params: '{"name":"create_charge","arguments":{"amount":1e2}}',
  reason: 'Charges over 100 need a person.',
  askedAt: at(-60),
  expiresAt: at(540),
  yours: false,
  ...other,
});

// A pinned tool that the server has changed, with what a test says otherwise.
export const drift = (other = {}) => ({
  id: '1f2e3d4c5b6a79881706',
  state: 'drifted',
  policy: 'default',
  config: '0123456789abcdef',
  grant: 'address:127.0.0.1',
  tool: 'send_mail',
  filter: 'mcp-policy',
  seen: '{"description":"Sends a mail.\u200b","name":"send_mail"}',
  before: '{"description":"Sends a mail.","name":"send_mail"}',
  sha256: 'a'.repeat(64),
  firstSeenAt: at(-90),
  lastSeenAt: at(-60),
  ...other,
});
