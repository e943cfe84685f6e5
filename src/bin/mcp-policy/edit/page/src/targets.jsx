// What servers list and what the policy names: filter, choose one or several. Only the rows in sight are drawn, so that thousands
// cost no more than a few.

import { useEffect, useMemo, useRef, useState } from 'preact/hooks';

const ROW = 56;
const SPARE = 4;

// The words of a row that the filter looks at.
function textOf({ label, words, section }, details) {
  return [label, words, section, details?.class, details?.description, details?.server].join(' ').toLowerCase();
}

export function Targets({ rows, details, chosen, onChoose, children }) {
  const [filter, setFilter] = useState('');
  const [kind, setKind] = useState('');
  const texts = useMemo(() => rows.map((row) => textOf(row, details[row.target])), [rows, details]);
  const kinds = useMemo(() => [...new Set(rows.map((row) => details[row.target]?.class ?? row.section))].sort(), [rows, details]);
  const shown = useMemo(() => {
    const parts = filter.toLowerCase().split(/\s+/).filter(Boolean);
    return rows.filter((row, i) => parts.every((part) => texts[i].includes(part)) && (!kind || (details[row.target]?.class ?? row.section) === kind));
  }, [rows, texts, filter, kind, details]);
  return (
    <section class="targets" aria-label="Tools, prompts and resources">
      <div class="filter">
        <input type="search" aria-label="Filter" placeholder="Filter" value={filter} onInput={({ target }) => setFilter(target.value)} />
        <select aria-label="Class" value={kind} onChange={({ target }) => setKind(target.value)}>
          <option value="">every class</option>
          {kinds.map((name) => <option>{name}</option>)}
        </select>
      </div>
      <p class="count" role="status">{shown.length === rows.length ? `${rows.length} names` : `${shown.length} of ${rows.length} names`}{chosen.length > 1 && `, ${chosen.length} selected`}</p>
      <List rows={shown} details={details} chosen={chosen} onChoose={onChoose} />
      {children}
    </section>
  );
}

export const keyOf = ({ policy, section, name }) => `${policy}/${section}/${name}`;

function List({ rows, details, chosen, onChoose }) {
  const box = useRef();
  const [top, setTop] = useState(0);
  const [height, setHeight] = useState(600);
  const [active, setActive] = useState(0);
  const anchor = useRef(0);
  const isChosen = useMemo(() => new Set(chosen), [chosen]);
  useEffect(() => {
    const watch = new ResizeObserver(() => setHeight(box.current?.clientHeight ?? 600));
    watch.observe(box.current);
    return () => watch.disconnect();
  }, []);
  useEffect(() => setActive((at) => Math.min(at, Math.max(0, rows.length - 1))), [rows]);

  const reveal = (at) => {
    const { scrollTop, clientHeight } = box.current;
    if (at * ROW < scrollTop) box.current.scrollTop = at * ROW;
    else if ((at + 1) * ROW > scrollTop + clientHeight) box.current.scrollTop = (at + 1) * ROW - clientHeight;
  };
  const range = (to) => rows.slice(Math.min(anchor.current, to), Math.max(anchor.current, to) + 1).map(keyOf);
  const choose = (at, { extend, toggle }) => {
    if (!rows[at]) return;
    setActive(at);
    reveal(at);
    const key = keyOf(rows[at]);
    if (extend) onChoose(range(at));
    else {
      anchor.current = at;
      onChoose(toggle ? (isChosen.has(key) ? chosen.filter((one) => one !== key) : [...chosen, key]) : [key]);
    }
  };
  const onKeyDown = (event) => {
    const page = Math.max(1, Math.floor(height / ROW) - 1);
    const move = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -rows.length, End: rows.length }[event.key];
    if (move) choose(Math.max(0, Math.min(rows.length - 1, active + move)), { extend: event.shiftKey });
    else if (event.key === ' ') choose(active, { toggle: true });
    else if (event.key === 'a' && (event.ctrlKey || event.metaKey)) onChoose(rows.map(keyOf));
    else return;
    event.preventDefault();
  };
  const first = Math.max(0, Math.floor(top / ROW) - SPARE);
  const visible = rows.slice(first, Math.ceil((top + height) / ROW) + SPARE);
  const isActive = rows.length > 0 && active >= first && active < first + visible.length;
  return (
    <div class="list" ref={box} role="listbox" aria-label="Names" aria-multiselectable="true" tabIndex={0} onKeyDown={onKeyDown}
      aria-activedescendant={isActive ? `row-${active}` : undefined} onScroll={() => setTop(box.current.scrollTop)}>
      <div class="space" role="presentation" style={{ height: `${rows.length * ROW}px` }}>
        {visible.map((row, i) => (
          <Row key={keyOf(row)} id={`row-${first + i}`} row={row} details={details[row.target]} at={first + i} count={rows.length} isChosen={isChosen.has(keyOf(row))} isActive={first + i === active}
            onClick={(event) => choose(first + i, { extend: event.shiftKey, toggle: event.ctrlKey || event.metaKey })} />
        ))}
      </div>
    </div>
  );
}

function Row({ id, row, details, at, count, isChosen, isActive, onClick }) {
  return (
    <div id={id} class={`row${isActive ? ' active' : ''}`} role="option" aria-selected={isChosen} aria-setsize={count} aria-posinset={at + 1} style={{ top: `${at * ROW}px` }} onClick={onClick}>
      <code>{row.label}</code>
      <span class={`class ${details?.class ?? ''}`}>{details?.class ?? (row.target === null ? `${row.section}, in the policy only` : row.section)}</span>
      <span class={`words ${row.decision}`}>{row.words ?? '…'}</span>
    </div>
  );
}

// A name or a pattern that no server lists.
export function AddName({ onAdd }) {
  const [section, setSection] = useState('tools');
  const [name, setName] = useState('');
  const add = (event) => {
    event.preventDefault();
    if (name) onAdd(section, name);
    setName('');
  };
  return (
    <form class="add" onSubmit={add}>
      <select aria-label="Kind of the new name" value={section} onChange={({ target }) => setSection(target.value)}>
        {['tools', 'resources', 'prompts'].map((one) => <option>{one}</option>)}
      </select>
      <input aria-label="New name or pattern" placeholder="name, or get_*" value={name} onInput={({ target }) => setName(target.value)} />
      <button>Add</button>
    </form>
  );
}
