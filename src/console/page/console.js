// Shows the gateway's pending calls, and sends what a person decides. All texts come from hostile callers.

const REFRESH_MS = 2000;
// Browsers give hidden tabs little time; the title still says in time what waits.
const HIDDEN_REFRESH_MS = 10000;
const NEWS_MS = 15000;
// A press so soon after something moved was meant for what was there before.
const SETTLE_MS = 700;
// Every character that is invisible or misplaces other text, but for the plain space.
const ODD = /((?! )[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\u2800])/u;
// Where a name or a rule may break, and the longest part that stays whole.
const BREAK = /(?<=[/_.:@-])/;
const WHOLE = 20;
// Calls that are over, as long as they are listed.
const MAX_ENDED = 20;
// A longer value is folded; of it, so much shows.
const FOLD = 200;
const SHOWN = 120;

const find = (selector, root = document) => root.querySelector(selector);

// The pages of each list that are shown, each with its address and its version.
const shown = { approvals: [{}], counters: [{}], decisions: [{}], drifts: [{}] };

let timer, newsTimer, wanted;
let turn = 0;
let moved = 0;
let seen = ''; // the gateway's time when approvals were drawn last
let ahead = 0; // how far the gateway's clock is
let isIn = false; // whether the last answer was for an approver
let known = new Map(); // the approvals that the last answer listed
let live = []; // the counters that it listed
let recent = { decisions: [] }; // the decisions that it listed
let ended = []; // those that are over, the newest first
const used = new Set(); // the ids of those whose call has passed

// === the gateway

// With `known`, the answer is nothing if it is still of that version.
async function ask(path, { body, known } = {}) {
  const token = storedToken();
  const headers = token ? { Authorization: `Bearer ${token}` } : {};
  if (known) headers['If-None-Match'] = known;
  const request = { headers, body: JSON.stringify(body), signal: AbortSignal.timeout(10000) };
  if (body) {
    request.method = 'POST';
    headers['Content-Type'] = 'application/json';
  }
  const answer = await fetch(`/api/${path}`, request).catch(() => ({}));
  if (answer.status === 304) return {};
  const said = await answer.json?.().catch(() => {});
  if (answer.ok && said) return { said, version: answer.headers.get('ETag') };
  const why = answer.status ? `the gateway answered with ${answer.status}` : 'the gateway cannot be reached';
  throw Object.assign(Error(said?.error ?? why), { status: answer.status });
}

// As many pages of a list as are shown, as one.
async function read(name) {
  const items = [];
  let list = {};
  for (const [i, page] of shown[name].entries()) {
    const path = i ? `${name}?after=${list.next}` : name;
    const { said = page.said, version = page.version } = await ask(path, { known: page.path === path && page.version });
    Object.assign(page, { path, said, version });
    items.push(...said[name]);
    list = said;
    if (!list.next) break;
  }
  find(`#more-${name}`).hidden = !list.next;
  return { ...list, [name]: items };
}

function showMore(name) {
  shown[name].push({});
  return refresh();
}

// Only the latest turn draws: older ones do not know what was decided since.
async function refresh() {
  const mine = ++turn;
  clearTimeout(timer);
  try {
    const all = await Promise.all(Object.keys(shown).map(read));
    if (mine !== turn) return;
    draw(...all);
  } catch (error) {
    if (mine !== turn) return;
    if ([401, 403].includes(error.status)) return signIn(error.message);
    connected(`Not up to date: ${error.message}; trying again`, 'bad');
  }
  timer = setTimeout(refresh, document.hidden ? HIDDEN_REFRESH_MS : REFRESH_MS);
}

async function decide(item, decision) {
  const said = find('.said', item);
  const note = said.value.trim() || undefined;
  said.ariaInvalid = decision === 'reject' && !note;
  if (said.ariaInvalid === 'true') {
    said.focus();
    return tell('Write in the note why you reject it: the agent reads that');
  }
  const name = item.entry.tool ?? item.entry.method;
  ++turn;
  enable(item, false);
  try {
    const { said: answer } = await ask(`approvals/${item.key}`, { body: { decision, note } });
    leave(item);
    known.set(answer.id, answer);
    drawAnswers([...known.values()].filter(isAnswered));
    tell(decision === 'approve' ? `Approved: ${name} passes once, when the agent repeats the call` : `Rejected: ${name}`);
  } catch (error) {
    tell(`Not decided: ${name}: ${error.message}${error.status ? '' : '; it may have received the decision'}`);
  }
  refresh();
}

function connected(text, state) {
  const link = find('#link');
  // A longer line may push the list down.
  if (link.shown !== text) moved = performance.now();
  show(link, text);
  link.className = state;
}

// === who the reader is

// Each tab keeps the token for itself, and gives it to a new tab that asks: so it is on no disk, goes to no other server of this
// machine, as a cookie would, and is gone with the last tab.
const tabs = new BroadcastChannel('sign-in');

const storedToken = () => sessionStorage.getItem('token');

tabs.onmessage = ({ data }) => {
  if (data.isAsked && isIn && storedToken()) tabs.postMessage({ token: storedToken() });
  if (data.token && !isIn) useToken(data.token);
  if (data.isOver) leaveConsole();
};

function useToken(token) {
  sessionStorage.setItem('token', token);
  refresh();
}

// Nothing of what was shown stays in the page.
function leaveConsole() {
  sessionStorage.removeItem('token');
  location.reload();
}

function signIn(why) {
  isIn = false;
  connected('Not signed in', 'bad');
  show(find('#you'), 'not signed in');
  show(find('#why'), why);
  document.title = 'Approvals';
  find('#lists').hidden = find('#signout').hidden = true;
  find('#signin').hidden = false;
  find('#token').focus();
}

// === the page

function draw({ now, you, approvals, pending, next }, { counters }, log, { drifts, full }) {
  isIn = true;
  live = counters;
  recent = log;
  const { decisions } = log;
  find('#lists').hidden = false;
  find('#signin').hidden = true;
  find('#signout').hidden = !storedToken();
  drawNotify();
  // A list that has not changed is as old as its answer.
  if (now !== seen) ahead = Date.parse(now) - Date.now();
  show(find('#you'), you);
  connected('Live', '');
  for (const { record } of decisions) if (record.decision === 'allowed' && record.approval) used.add(record.approval.id);
  noteEnded(approvals, next);
  drawAnswers(approvals.filter(isAnswered));
  drawApprovals(approvals.filter((a) => !isAnswered(a)), pending, next);
  seen = now;
  drawDrifts(drifts, full);
  sync('counter', counters, ({ max, used, resetAt, ...c }) => JSON.stringify(c), drawCounter);
  drawFinds(decisions);
  drawDecisions();
}

const isAnswered = ({ state }) => state !== 'pending';

// What stays is neither rebuilt nor moved: focus and half-typed notes live in it.
// A new part comes last, or, if the list is `sorted`, behind the one before it.
function sync(kind, entries, keyOf, drawPart, sorted) {
  const list = find(`#${kind}s`);
  const old = list.parts ?? new Map();
  list.parts = new Map();
  let before;
  for (const entry of entries) {
    let key = keyOf(entry);
    while (list.parts.has(key)) key += '+';
    const part = old.get(key) ?? find(`#${kind}`).content.firstElementChild.cloneNode(true);
    if (!old.delete(key)) {
      if (!sorted) list.append(part);
      else if (before) before.after(part);
      else list.prepend(part);
    }
    before = part;
    list.parts.set(key, part);
    Object.assign(part, { key, entry });
    drawPart(part, entry);
  }
  for (const part of old.values()) leave(part);
}

// Takes a part out. The focus goes to the next one, and never to a button.
function leave(part) {
  if (part.contains(document.activeElement)) (part.nextElementSibling ?? part.previousElementSibling ?? find('#pending')).focus();
  if (part.parentElement.id === 'approvals') moved = performance.now();
  part.parentElement.parts.delete(part.key);
  part.remove();
}

// Notes which approvals are over since the last answer: used by their call, or expired.
function noteEnded(approvals, next) {
  const listed = new Map(approvals.map((a) => [a.id, a]));
  const last = approvals.at(-1);
  for (const a of known.values()) {
    // It may be on a later page now.
    if (listed.has(a.id) || (next && !(last && a.askedAt < last.askedAt))) continue;
    if (a.state !== 'rejected') ended.unshift({ ...a, isExpired: Date.parse(a.expiresAt) - Date.now() - ahead < 1000 });
  }
  ended.length = Math.min(ended.length, MAX_ENDED);
  known = listed;
}

// What became of an approval that is not pending any more.
function outcome(a) {
  if (used.has(a.id)) return 'Used: the call has passed';
  if (a.isExpired) return a.state === 'approved' ? 'Expired: the agent did not repeat the call in time' : 'Expired: no approver answered in time';
  if (a.isExpired === false) return 'Over: the gateway does not say whether the call has passed';
  return `${a.state} by ${signed(a)}${a.state === 'approved' ? `; the agent has ${span(a.expiresAt)} to repeat the call` : ''}`;
}

function drawAnswers(answered) {
  const rows = [...answered, ...ended];
  find('#answered').hidden = !rows.length;
  sync('answer', rows, (a) => a.id, (row, a) => {
    fill(row, { ...a, tool: a.tool ?? a.method, outcome: outcome(a) });
    find('.outcome', row).className = `outcome ${a.isExpired ? '' : a.state}`;
  }, true);
}

function drawApprovals(approvals, pending, next) {
  const list = find('#approvals');
  // What an older page adds is no news.
  const isNew = (a) => a.askedAt >= seen && !list.parts.has(a.id);
  const news = seen ? approvals.filter(isNew) : [];
  const fresh = news.length;
  const places = () => [...list.children].map((item) => item.key + find('.answer', item).offsetTop).join();
  const before = places();
  sync('approval', approvals, (a) => a.id, drawApproval);
  if (places() !== before) moved = performance.now();
  if (fresh) tell(`New pending calls: ${fresh}`);
  news.forEach(announce);
  document.title = `${pending ? `(${pending}) ` : ''}Approvals`;
  if (wanted && !list.parts.has(wanted)) {
    const a = known.get(wanted) ?? ended.find(({ id }) => id === wanted);
    if (!a && next) return showMore('approvals');
    if (a) tell(`The approval in the address is answered: ${outcome(a)}`);
    else tell(used.has(wanted) ? 'The approval in the address was used: its call has passed' : 'The approval in the address has expired');
  }
  list.parts.get(wanted)?.focus();
  wanted = '';
}

function drawApproval(item, a) {
  item.id = a.id;
  const uses = (a.uses ?? []).map((use) => quota(a, use)).join('; ');
  fill(item, { route: 'none', cluster: 'none', description: '', class: '', ...a, params: undefined, uses: uses && `Uses ${uses}`, age: `${span(a.askedAt, -1)} ago`, left: `${span(a.expiresAt)} left` });
  drawParams(find('.params table', item), a.params);
  find('.server', item).hidden = !a.route && !a.cluster;
  find('.told', item).hidden = !a.class && !a.description;
  find('.description', item).hidden = !a.description;
  find('.answer', item).classList.toggle('none', a.yours);
  const own = `This is your own call: the agent and you are both ${a.grant}. Another approver has to decide.`;
  show(find('.outcome', item), a.params ? (a.yours ? own : '') : 'The parameters are lost: this call cannot be approved.');
  enable(item, !a.yours);
  find('.approve', item).disabled = !a.params;
  find('fieldset', item).onclick = press;
}

// What a call uses of a limit, as full as the limit is now; `used` is what it was when the call came.
function quota({ filter, policy, grant }, { cost, counter, scope, used, ...limit }) {
  const now = live.find((c) => c.filter === filter && c.policy === policy && c.counter === counter && c.scope === scope && [undefined, grant].includes(c.grant));
  const of = [now?.used ?? used, limit.max].filter((amount) => amount !== undefined).map(number).join(' of ');
  return `${number(cost)} of ${counterName(counter)}: ${of}${of && ' '}${when(limit)}`;
}

// The arguments, and the other parameters, a row each. They never change, and what a reader has unfolded stays so.
function drawParams(table, params) {
  if (table.rows.length || !params) return;
  const all = params.startsWith('{') ? members(params) : [['parameters', params]];
  for (const [name, value] of all) {
    if (name === 'arguments' && value.startsWith('{')) for (const argument of members(value)) addParam(table, ...argument);
    else if (name !== 'name') addParam(table, name, value, true);
  }
}

function addParam(table, name, json, isBeside = false) {
  const row = find('#param').content.firstElementChild.cloneNode(true);
  const text = inLines(json);
  const isLong = text.length > FOLD;
  show(find('.name', row), name);
  find('.beside', row).hidden = !isBeside;
  const [whole, details] = [find('pre', row), find('details', row)];
  (isLong ? whole : details).remove();
  show(find('.value', row), text);
  if (isLong) {
    const front = Object.assign(document.createElement('code'), { className: 'front' });
    find('summary', row).append(front, `… ${text.length.toLocaleString('en')} characters`);
    show(front, text.slice(0, SHOWN).replaceAll('\n', ' '));
  }
  table.append(row);
}

// The members of an object, each with its value as it is written.
function members(json) {
  const found = [];
  let [depth, name, value] = [0, '', ''];
  for (const token of json.match(/"(?:[^"\\]|\\.)*"|[^"]/g)) {
    if ('{['.includes(token) && ++depth === 1) continue;
    if ('}]'.includes(token)) --depth;
    if (depth === 1 && token === ':') [name, value] = [JSON.parse(value), ''];
    else if (!depth || (depth === 1 && token === ',')) {
      if (value) found.push([name, value]);
      value = '';
    } else value += token;
  }
  return found;
}

function drawDrifts(drifts, full) {
  find('#changed').hidden = !drifts.length && !full;
  show(find('#full'), full ? 'A policy has more changed tools than have a place here: every pinned tool of it is denied.' : '');
  sync('drift', drifts, (d) => d.id, drawDrift);
}

function drawDrift(item, d) {
  const difference = (d.lines ??= d.seen ? differences(d) : 'The definition is too long to be shown here: compare it with `mcp-policy pin --check`.');
  fill(item, { route: 'none', ...d, difference, age: `${span(d.lastSeenAt, -1)} ago` });
  const isOpen = d.state === 'drifted';
  find('.answer', item).classList.toggle('none', !isOpen);
  const outcomes = { accepted: 'Accepted, until the gateway gets another configuration.', mended: 'Mended: lists show the pinned definition again.' };
  show(find('.outcome', item), outcomes[d.state] ?? '');
  enable(item, isOpen);
  find('.approve', item).disabled = !d.seen;
  find('fieldset', item).onclick = press;
}

// The lines of a definition; with those of the one before, if a list of this worker has shown it.
function differences({ before, seen }) {
  const now = inLines(seen).split('\n');
  if (!before) return now.join('\n');
  const old = inLines(before).split('\n');
  const gone = old.filter((line) => !now.includes(line)).map((line) => `- ${line}`);
  return [...gone, ...now.map((line) => `${old.includes(line) ? ' ' : '+'} ${line}`)].join('\n');
}

async function accept(item) {
  const { entry: { tool }, key } = item;
  const note = find('.said', item).value || undefined;
  ++turn;
  enable(item, false);
  try {
    await ask(`drifts/${key}`, { body: { decision: 'accept', note } });
    tell(`Accepted: calls of ${tool} pass with this definition`);
  } catch (error) {
    tell(`Not accepted: ${tool}: ${error.message}`);
  }
  refresh();
}

function press({ target, detail }) {
  if (target.localName !== 'button') return;
  // Only a pointer (`detail`) can miss: the keyboard's focus stays with its button.
  if (detail && performance.now() - moved < SETTLE_MS) tell('The list has just moved: check, then press again');
  else if (target.closest('#drifts')) accept(target.closest('li'));
  else decide(target.closest('li'), target.className);
}

function enable(item, on) {
  const fields = find('fieldset', item);
  // Otherwise the focus goes back to the top of the page.
  if (!on && fields.contains(document.activeElement)) item.focus();
  fields.disabled = !on;
}

function drawCounter(row, c) {
  find('meter', row).value = c.max ? c.used / c.max : 1;
  const used = c.max === undefined ? `${number(c.used)} counted` : `${number(c.used)} of ${number(c.max)}`;
  fill(row, { grant: 'all callers', ...c, counter: counterName(c.counter), used: `${used} ${when(c)}`, reset: `in ${span(c.resetAt)}` });
}

const number = (value) => value.toLocaleString('en', { maximumFractionDigits: 6 });

const UNITS = [[86400, 'day'], [3600, 'hour'], [60, 'minute'], [1, 'second']];

// The window that a counter is in; days begin at midnight UTC.
function when({ window, algorithm }) {
  const [length, unit] = UNITS.find(([seconds]) => window % seconds === 0);
  if (window !== length) return `in ${number(window / length)} ${unit}s`;
  if (algorithm === 'sliding') return `in the last ${unit}`;
  return unit === 'day' ? 'today' : `this ${unit}`;
}

// A short rule's counter has the rule's pointer as its name.
function counterName(name) {
  if (name === '/all_tools') return 'calls of all tools';
  const [, of] = /^\/(?:tools|prompts|resources)\/([^/]+)$/.exec(name) ?? [];
  return of ? `calls of ${of.replaceAll('~1', '/').replaceAll('~0', '~')}` : name;
}

// Those that the reader has asked for; of older ones, as many as there are.
function drawDecisions() {
  const [which, words] = [find('#which').value, find('#search').value.trim().toLowerCase()];
  const isWanted = ({ record }) =>
    (!which || (which.split(' ').includes(record.decision) && (record.decision !== 'allowed' || record.approval))) && JSON.stringify(record).toLowerCase().includes(words);
  sync('decision', recent.decisions.filter(isWanted), JSON.stringify, drawDecision, true);
  if ((which || words) && recent.next) showMore('decisions');
}

function drawDecision(row, { at, record }) {
  const { decision, tool = record.method, approval, shadow } = record;
  find('.decision', row).className = `decision ${decision}`;
  const more = [
    approval?.approver && `by ${signed(approval)}`,
    shadow && `in shadow: ${shadow.decision} by ${shadow.rule}`,
    record.redacted && `found in the answer: ${counts(record.redacted)}`,
    record.shadowRedacted && `in shadow: found in the answer: ${counts(record.shadowRedacted)}`,
    record.arguments && `arguments: ${JSON.stringify(record.arguments)}`,
  ].filter(Boolean).join('; ');
  // Swedish: year, month, day.
  fill(row, { ...record, decision: decision.replaceAll('_', ' '), tool, more, at: new Date(at).toLocaleString('sv') });
}

// What the answers to the calls below held, by finder.
function drawFinds(decisions) {
  const all = {};
  for (const { record } of decisions) {
    for (const [finder, count] of Object.entries(record.redacted ?? {})) all[finder] = (all[finder] ?? 0) + count;
  }
  const found = counts(all);
  show(find('#finds'), found && `Found in the answers to these calls: ${found}`);
}

const counts = (finds) => Object.entries(finds).map(([finder, count]) => `${finder} ${count}`).join(', ');

const signed = ({ approver, note }) => (note ? `${approver}: ${note}` : approver);

// JSON with a member a line. Deep values are indented no further: what nests only to be large must not grow.
function inLines(json) {
  let depth = 0;
  const line = () => `\n${'  '.repeat(Math.min(depth, 16))}`;
  return json.replace(/"(?:[^"\\]|\\.)*"|[{[][}\]]?|[}\],:]/g, (token) => {
    if (token.length > 1 || token === '"') return token;
    if (token === ',') return token + line();
    if (token === ':') return ': ';
    if (token === '{' || token === '[') return ++depth && token + line();
    return --depth < 0 ? token : line() + token;
  });
}

function fill(root, texts) {
  for (const [name, text] of Object.entries(texts)) {
    const element = find(`.${name}`, root);
    if (element) show(element, text);
  }
}

// The only way by which a text gets into the page.
function show(element, text) {
  if (element.shown === text) return;
  element.shown = text;
  const isPlain = (part, i) => i % 2 === 0 || (part === '\n' && element.localName === 'pre');
  const draw = (part, i) => (isPlain(part, i) ? (element.localName === 'code' ? inParts(part) : part) : escaped(part));
  element.replaceChildren(...String(text).split(ODD).flatMap(draw));
}

// A name in parts between which it may break, so that no word does.
function inParts(name) {
  if (name.length <= WHOLE) return [name && word(name)];
  return name.split(BREAK).map((part) => (part.length <= WHOLE ? word(part) : part));
}

const word = (textContent) => Object.assign(document.createElement('span'), { textContent, className: 'word' });

function escaped(character) {
  const textContent = `\\u{${character.codePointAt().toString(16)}}`;
  return Object.assign(document.createElement('span'), { textContent, className: 'odd', title: 'invisible or misleading character' });
}

// The time until a moment; with -1, since it.
function span(moment, sign = 1) {
  const seconds = Math.max(0, Math.round((sign * (Date.parse(moment) - Date.now() - ahead)) / 1000));
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7200 ? `${Math.floor(seconds / 60)} min` : `${Math.floor(seconds / 3600)} h`;
}

// === notices of the browser

const canNotify = () => globalThis.Notification?.permission === 'granted' && localStorage.getItem('notify') === 'on';

function drawNotify() {
  const button = find('#notify');
  button.hidden = !globalThis.Notification || Notification.permission === 'denied';
  button.ariaPressed = canNotify();
}

async function toggleNotify() {
  if (canNotify()) localStorage.removeItem('notify');
  else if ((await Notification.requestPermission()) === 'granted') localStorage.setItem('notify', 'on');
  drawNotify();
}

function announce({ id, tool, grant }) {
  if (!document.hidden || !canNotify()) return;
  const body = `${tool}, called by ${grant}`.slice(0, 300).split(ODD).map((part, i) => (i % 2 ? escaped(part).textContent : part)).join('');
  new Notification('A call waits for approval', { body, tag: id }).onclick = () => {
    focus();
    location.hash = id;
  };
}

function tell(text) {
  show(find('#news'), text);
  clearTimeout(newsTimer);
  newsTimer = setTimeout(tell, NEWS_MS, '');
}

// `#token=…` is kept and leaves the address; `#<id>` is an approval to go to.
function begin() {
  wanted = location.hash.slice(1);
  if (wanted.startsWith('token=')) {
    sessionStorage.setItem('token', wanted.slice(6));
    wanted = '';
    history.replaceState(null, '', '/');
  }
  if (!storedToken()) tabs.postMessage({ isAsked: true });
  refresh();
}

find('form').onsubmit = (event) => {
  event.preventDefault();
  const token = find('#token').value;
  find('#token').value = '';
  useToken(token);
};
find('#notify').onclick = toggleNotify;
find('#which').onchange = find('#search').oninput = drawDecisions;
find('#signout').onclick = () => {
  tabs.postMessage({ isOver: true });
  leaveConsole();
};
// A page that comes up under a double click has moved, too.
onfocus = document.onvisibilitychange = ({ type }) => {
  moved = performance.now();
  if (type !== 'focus' && !document.hidden) refresh();
};
for (const name of Object.keys(shown)) find(`#more-${name}`).onclick = () => showMore(name);
onhashchange = begin;
begin();
