// Shows what waits in the gateway, and sends what a person decides. All texts come from hostile callers.

const REFRESH_MS = 2000;
const NEWS_MS = 15000;
// So soon after something moved, a press was meant for what stood there before.
const SETTLE_MS = 700;
// All that cannot be seen, or misplaces other text, but the plain space.
const ODD = /((?! )[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\u2800])/u;

const find = (selector, root = document) => root.querySelector(selector);

let timer, newsTimer, wanted;
let turn = 0;
let moved = 0;
let ahead = 0; // how far the gateway's clock is

// === the gateway

async function ask(path, body) {
  const token = sessionStorage.getItem('token');
  const headers = token ? { Authorization: `Bearer ${token}` } : {};
  const request = { headers, body: JSON.stringify(body), signal: AbortSignal.timeout(10000) };
  if (body) {
    request.method = 'POST';
    headers['Content-Type'] = 'application/json';
  }
  const answer = await fetch(`/api/${path}`, request).catch(() => ({}));
  const said = await answer.json?.().catch(() => {});
  if (answer.ok && said) return said;
  const why = answer.status ? `the gateway answered with ${answer.status}` : 'the gateway cannot be reached';
  throw Object.assign(Error(said?.error ?? why), { status: answer.status });
}

// Only the latest turn draws: older ones do not know what was decided since.
async function refresh() {
  const mine = ++turn;
  clearTimeout(timer);
  try {
    const all = await Promise.all(['approvals', 'counters', 'decisions'].map((path) => ask(path)));
    if (mine !== turn) return;
    draw(...all);
  } catch (error) {
    if (mine !== turn) return;
    if ([401, 403].includes(error.status)) return signIn(error.message);
    connected(`Not up to date: ${error.message}; trying again`, 'bad');
  }
  if (!document.hidden) timer = setTimeout(refresh, REFRESH_MS);
}

async function decide(item, decision) {
  const note = find('.said', item).value || undefined;
  const name = item.entry.tool ?? item.entry.method;
  ++turn;
  enable(item, false);
  try {
    await ask(`approvals/${item.key}`, { decision, note });
    tell(decision === 'approve' ? `Approved: ${name} passes once, when it is called again` : `Rejected: ${name}`);
  } catch (error) {
    tell(`Not answered: ${name}: ${error.message}${error.status ? '' : '; it may have heard you'}`);
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

function signIn(why) {
  connected('Not signed in', 'bad');
  show(find('#why'), why);
  find('main').hidden = true;
  find('form').hidden = false;
  find('#token').focus();
}

// === what is shown

function draw({ now, you, approvals }, { counters }, { decisions }) {
  find('main').hidden = false;
  find('form').hidden = true;
  ahead = Date.parse(now) - Date.now();
  show(find('#you'), you);
  connected('Live', '');
  drawApprovals(approvals);
  sync('counter', counters, ({ max, used, resetAt, ...c }) => JSON.stringify(c), drawCounter);
  sync('decision', decisions.reverse(), JSON.stringify, drawDecision, 'prepend');
}

// What stays is neither rebuilt nor moved: focus and half-typed notes live in it.
function sync(kind, entries, keyOf, drawPart, place = 'append', keep) {
  const list = find(`#${kind}s`);
  const old = list.parts ?? new Map();
  list.parts = new Map();
  for (const entry of entries) {
    let key = keyOf(entry);
    while (list.parts.has(key)) key += '+';
    const part = old.get(key) ?? find(`#${kind}`).content.firstElementChild.cloneNode(true);
    if (!old.delete(key)) list[place](part);
    list.parts.set(key, part);
    Object.assign(part, { key, entry });
    drawPart(part, entry);
  }
  for (const [key, part] of old) {
    if (keep?.(part)) list.parts.set(key, part);
    else part.remove();
  }
}

function drawApprovals(approvals) {
  const list = find('#approvals');
  const waiting = approvals.filter((a) => a.state === 'pending');
  const fresh = waiting.filter((a) => list.parts?.has(a.id) === false).length;
  const places = () => [...list.children].map((item) => item.key + find('.answer', item).offsetTop).join();
  const before = places();
  // What is over stays while somebody is at the list: nothing moves under the pointer.
  sync('approval', approvals, (a) => a.id, drawApproval, 'append', (item) => {
    answered(item, 'Over: used, or expired.');
    return list.matches(':hover') || item.contains(document.activeElement);
  });
  if (places() !== before) moved = performance.now();
  if (fresh) tell(`New calls that wait for a person: ${fresh}`);
  document.title = `${waiting.length ? `(${waiting.length}) ` : ''}Approvals`;
  if (wanted && !list.parts.has(wanted)) tell('What the address names is over');
  list.parts.get(wanted)?.focus();
  wanted = '';
}

function drawApproval(item, a) {
  const { params = 'The text is lost: this cannot be approved.' } = a;
  const length = params.length > 1000 ? `${params.length} characters: scroll to read all.` : '';
  item.id = a.id;
  fill(item, { ...a, params, length, age: `${span(a.askedAt, -1)} ago`, left: `${span(a.expiresAt)} left` });
  if (a.state !== 'pending') answered(item, `${a.state} by ${signed(a)}`);
  else if (a.yours) answered(item, 'You asked for this: somebody else has to answer.');
  else enable(item, true);
  find('.approve', item).disabled = !a.params;
  find('fieldset', item).onclick = press;
}

function press({ target, detail }) {
  if (target.localName !== 'button') return;
  // Only pointers (`detail`) are surprised: the keyboard's focus stays with its button.
  if (detail && performance.now() - moved < SETTLE_MS) tell('The page has just moved: look, and press again');
  else decide(target.closest('li'), target.className);
}

function answered(item, outcome) {
  enable(item, false);
  item.classList.add('answered');
  show(find('.outcome', item), outcome);
}

function enable(item, on) {
  const fields = find('fieldset', item);
  // Else the focus falls back to the head of the page.
  if (!on && fields.contains(document.activeElement)) item.focus();
  fields.disabled = !on;
}

function drawCounter(row, c) {
  find('meter', row).value = c.max ? c.used / c.max : 1;
  const used = `${c.used} of ${c.max} in ${c.window} s`;
  fill(row, { grant: 'everybody', ...c, used, reset: `in ${span(c.resetAt)}` });
}

function drawDecision(row, { at, record }) {
  const { decision, tool = record.method, approval, shadow } = record;
  find('.decision', row).className = `decision ${decision}`;
  const more = [
    approval?.approver && `by ${signed(approval)}`,
    shadow && `in shadow: ${shadow.decision} by ${shadow.rule}`,
    record.arguments && `arguments: ${JSON.stringify(record.arguments)}`,
  ].filter(Boolean).join('; ');
  // Swedish: year, month, day.
  fill(row, { ...record, decision: decision.replaceAll('_', ' '), tool, more, at: new Date(at).toLocaleString('sv') });
}

const signed = ({ approver, note }) => (note ? `${approver}: ${note}` : approver);

function fill(root, texts) {
  for (const [name, text] of Object.entries(texts)) {
    const element = find(`.${name}`, root);
    if (element) show(element, text);
  }
}

// The only way for a text into the page.
function show(element, text) {
  if (element.shown === text) return;
  element.shown = text;
  const plain = (part, i) => i % 2 === 0 || (part === '\n' && element.localName === 'pre');
  element.replaceChildren(...String(text).split(ODD).map((part, i) => (plain(part, i) ? part : escaped(part))));
}

function escaped(character) {
  const textContent = `\\u{${character.codePointAt().toString(16)}}`;
  return Object.assign(document.createElement('span'), { textContent, className: 'odd', title: 'cannot be seen, or misleads' });
}

// The time until a moment; with -1, since it.
function span(moment, sign = 1) {
  const seconds = Math.max(0, Math.round((sign * (Date.parse(moment) - Date.now() - ahead)) / 1000));
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7200 ? `${Math.floor(seconds / 60)} min` : `${Math.floor(seconds / 3600)} h`;
}

function tell(text) {
  show(find('#news'), text);
  clearTimeout(newsTimer);
  newsTimer = setTimeout(tell, NEWS_MS, '');
}

// `#token=…` is kept for this tab and leaves the address; `#<id>` is an approval to go to.
function begin() {
  wanted = location.hash.slice(1);
  if (wanted.startsWith('token=')) {
    sessionStorage.setItem('token', wanted.slice(6));
    wanted = '';
    history.replaceState(null, '', '/');
  }
  refresh();
}

find('form').onsubmit = (event) => {
  event.preventDefault();
  sessionStorage.setItem('token', find('#token').value);
  find('#token').value = '';
  refresh();
};
// A page that comes up under a double click has moved, too.
onfocus = document.onvisibilitychange = ({ type }) => {
  moved = performance.now();
  if (type !== 'focus' && !document.hidden) refresh();
};
onhashchange = begin;
begin();
