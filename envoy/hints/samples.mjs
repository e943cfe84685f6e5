// What the branches of the module are watched with: configurations as users have them, and for each the requests of a usual client.

const TOOLS = ['search_docs', 'create_charge', 'refund_charge', 'delete_customer'];

const policy = (tools, rest = {}) => ({ version: '1', default: 'deny', ...rest, tools });
const limit = (max) => ({ counter: 'calls', window: 'day', max, scope: 'grant' });

// Each with the headers that its callers send besides the usual ones.
export const configurations = [
  [
    {
      policy: policy({
        search_docs: {},
        create_charge: { limits: [limit(100)] },
        refund_charge: { limits: [limit(2)] },
      }),
      protocol: { headers: 'hold' },
    },
    [],
  ],
  [
    {
      policy: policy({
        'search_*': {},
        create_charge: { require: [{ conditions: [{ path: 'args.amount', op: 'lte', value: 5000 }] }], limits: [limit(100)] },
      }),
      identity: [{ header: 'x-agent' }, { address: true }],
      lists: { show: 'permitted' },
    },
    [['x-agent', 'billing']],
  ],
];

const HEADERS = [
  [':authority', 'gateway.example:10000'],
  [':path', '/mcp'],
  [':scheme', 'http'],
  ['accept', 'application/json, text/event-stream'],
  ['mcp-protocol-version', '2025-06-18'],
  ['mcp-session-id', '3f0c6a0e-8f3b-4b0f-9d5c-9a6a2f0e7c11'],
  ['user-agent', 'python-httpx/0.28.1'],
  ['x-forwarded-for', '10.0.0.7'],
  ['x-forwarded-proto', 'http'],
  ['x-request-id', '0f3a4a3f-5a6b-4c7d-8e9f-a0b1c2d3e4f5'],
];

const TEXTS = ['cat', 'a text of some length, as a prompt is', 'a line with "quotes"\nand another one\t'.repeat(40), 'größe '.repeat(30)];

const message = (method, params, id) => JSON.stringify({ jsonrpc: '2.0', ...(id && { id }), method, ...(params && { params }) });
const call = (name, args, id) => message('tools/call', { name, arguments: args }, id);

function messages() {
  const calls = TOOLS.flatMap((tool) =>
    TEXTS.flatMap((text, number) => [
      call(tool, { query: text, amount: 4711, currency: 'eur', tags: ['a', 'b'], exact: true }, number + 17),
      call(tool, { amount: 12.5, note: text, customer: { id: 'cus_1', vip: false, limit: null } }, `call-${number}`),
    ]),
  );
  const client = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'agent', version: '1.0' } };
  return [
    message('initialize', client, 1),
    message('notifications/initialized'),
    message('tools/list', undefined, 2),
    message('ping', undefined, 3),
    ...calls,
  ];
}

// The response of a server, as JSON or as a stream of events.
function answer(body, asEvents) {
  const tools = TOOLS.map((name) => ({ name, description: `What ${name} does.`, inputSchema: { type: 'object' } }));
  const result = body.includes('tools/list') ? { tools } : { content: [{ type: 'text', text: 'done' }] };
  const json = JSON.stringify({ jsonrpc: '2.0', id: 2, result });
  const text = asEvents ? `event: message\ndata: ${json}\n\n` : json;
  return { pairs: responseHead(asEvents ? 'text/event-stream' : 'application/json'), texts: [text.slice(0, 40), text.slice(40), ''] };
}

const responseHead = (type) => [
  [':status', '200'],
  ['content-type', type],
  ['x-envoy-upstream-service-time', '1'],
];

// The exchanges of one configuration, whose callers send these headers, too.
export function exchanges(more) {
  const posts = messages().map((body, number) => {
    const size = String(new TextEncoder().encode(body).length);
    const headers = [[':method', 'POST'], ...HEADERS, ['content-type', 'application/json'], ['content-length', size], ...more];
    return { headers, body, answer: answer(body, number % 2 > 0) };
  });
  const withoutBody = ['GET', 'DELETE'].map((method) => ({
    headers: [[':method', method], ...HEADERS, ...more],
    answer: { pairs: responseHead('text/event-stream'), texts: [': open\n\n'] },
  }));
  return [...posts, ...withoutBody];
}
