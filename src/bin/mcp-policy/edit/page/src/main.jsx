// The editor's page. The text in CodeMirror is the only state of the policy: the command says what it means after each change, and
// makes each change of the form as a change of the text.

import { redo, redoDepth, undo, undoDepth } from '@codemirror/commands';
import { render } from 'preact';
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { ask } from './ask.js';
import { Cases, Changes, Deploy } from './cases.jsx';
import { applyReplacements, createEditor, goTo, markProblems, replaceText, textOf } from './editor.js';
import { Member, Rule, Settings } from './rule.jsx';
import { AddName, Targets, keyOf } from './targets.jsx';
import { Try } from './try.jsx';

const TYPING_MS = 120;
const TABS = { rule: 'Rule', try: 'Try a call', cases: 'Cases', deploy: 'Deploy' };

// What the command says of the text, and how the text changes.
function usePolicy(opened) {
  const editor = useRef();
  const holder = useRef();
  const value = useRef(null);
  const [text, setText] = useState(opened.text);
  const [view, setView] = useState(null);
  const [failure, setFailure] = useState('');
  const [waiting, setWaiting] = useState(0);
  const turn = useRef(0);
  const timer = useRef();
  const queue = useRef(Promise.resolve());
  const place = useRef('');
  const save = useRef(() => {});

  const look = useCallback(async () => {
    const mine = ++turn.current;
    try {
      const now = textOf(editor.current);
      const said = await ask('view', { text: now });
      if (mine !== turn.current) return;
      value.current = said.value;
      setView({ ...said, text: now });
      markProblems(editor.current, said.problems);
    } catch ({ message }) {
      if (mine === turn.current) setFailure(message);
    }
  }, []);

  useLayoutEffect(() => {
    editor.current = createEditor({
      parent: holder.current, doc: opened.text, schema: opened.schema, document: () => value.current,
      onText: (now, isForm) => {
        setText(now);
        turn.current += 1;
        clearTimeout(timer.current);
        timer.current = setTimeout(look, isForm ? 0 : TYPING_MS);
      },
      onSave: () => save.current(),
    });
    look();
    return () => editor.current.destroy();
  }, []);

  // One change after the other, each on the text that the one before it made.
  const change = useCallback((name, body, at) => {
    setWaiting((count) => count + 1);
    queue.current = queue.current.then(async () => {
      try {
        for (;;) {
          const before = textOf(editor.current);
          const replacements = await ask(name, { text: before, ...body });
          // The author typed meanwhile: the places are no longer those of the text.
          if (textOf(editor.current) !== before) continue;
          setFailure('');
          if (replacements.length) applyReplacements(editor.current, replacements, at !== place.current);
          place.current = at;
          return;
        }
      } catch ({ message }) {
        setFailure(message);
      } finally {
        setWaiting((count) => count - 1);
      }
    });
    return queue.current;
  }, []);
  const isBusy = waiting > 0 || view?.text !== text;
  return { editor, holder, text, view, isBusy, failure, change, look, save };
}

function App({ opened }) {
  const policy = usePolicy(opened);
  const { editor, holder, text, view, isBusy, failure, change, look } = policy;
  const [listed, setListed] = useState({ servers: opened.servers, targets: opened.targets });
  const [isAsking, setAsking] = useState(false);
  const [saved, setSaved] = useState(opened.saved);
  const [cases, setCases] = useState(opened.saved.cases);
  const [chosen, setChosen] = useState([]);
  const [settings, setSettings] = useState('policy/0');
  const [tab, setTab] = useState('rule');
  const [isSaving, setSaving] = useState(false);
  const [news, setNews] = useState('');
  const isDirty = text !== saved.policy || cases !== saved.cases;

  const rows = view?.rows ?? [];
  const byKey = useMemo(() => new Map(rows.map((row) => [keyOf(row), row])), [view]);
  const selected = useMemo(() => chosen.map((key) => byKey.get(key)).filter((row) => row && row.policy !== null), [chosen, byKey]);
  const announce = useCallback((what) => { setNews(''); setTimeout(() => setNews(what)); }, []);
  const onChange = useCallback((changes) => change('change', { changes }, JSON.stringify(changes.map(({ op, pointer }) => [op, pointer]))), []);
  const onDecide = useCallback((entries, decision) => change('decide', { decision, entries: entries.map(({ policy, section, name }) => ({ policy, section, name })) }, null), []);
  const onRecommend = useCallback((rows) => change('recommend', { entries: rows.map(({ policy, name, target }) => ({ policy, name, server: listed.targets[target].server })) }, null), [listed]);
  const choose = useCallback((keys) => { setChosen(keys); setSettings(''); }, []);
  const chooseSettings = (name) => { setSettings(name); setChosen([]); setTab('rule'); };

  policy.save.current = () => setSaving(true);
  useEffect(() => {
    const onKey = (event) => {
      const isCommand = (event.ctrlKey || event.metaKey) && !event.altKey;
      if (!isCommand || event.target.closest?.('.cm-editor, dialog')) return;
      const key = event.key.toLowerCase();
      // The fields of a call and of a filter are no part of the text.
      const isOwn = event.target.closest?.('.targets input, .targets select, textarea, .who, .keep');
      const step = key === 'z' && !event.shiftKey ? undo : (key === 'z' || key === 'y') ? redo : null;
      if (key === 's') setSaving(true);
      else if (step && !isOwn) step(editor.current);
      else return;
      event.preventDefault();
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, []);
  useEffect(() => {
    const warn = (event) => event.preventDefault();
    if (isDirty) addEventListener('beforeunload', warn);
    document.title = `${isDirty ? '• ' : ''}${opened.file}`;
    return () => removeEventListener('beforeunload', warn);
  }, [isDirty]);

  const addName = async (section, name) => {
    const index = Math.max(0, Number(settings.split('/')[1] ?? selected[0]?.policy ?? 0) || 0);
    await change('decide', { decision: 'allow', entries: [{ policy: index, section, name }] }, null);
    choose([keyOf({ policy: index, section, name })]);
  };
  const askAgain = async () => {
    setAsking(true);
    try {
      const { servers, targets } = await ask('ask_again');
      // The rows of the view are those of the new lists.
      await look();
      setListed({ servers, targets });
      announce(`The servers are read again: ${targets.length} names.`);
    } catch ({ message }) {
      announce(message);
    } finally {
      setAsking(false);
    }
  };
  const reload = async () => {
    try {
      const texts = await ask('reload');
      setSaved(texts);
      setCases(texts.cases);
      replaceText(editor.current, texts.policy);
      announce('The file is loaded again; undo brings your text back.');
    } catch ({ message }) {
      announce(message);
    }
  };

  return <>
    <header>
      <h1>{opened.file}</h1>
      <span class="state" role="status">{isDirty ? 'not saved' : 'saved'}</span>
      <button type="button" disabled={!view || undoDepth(editor.current.state) === 0} onClick={() => undo(editor.current)}>Undo</button>
      <button type="button" disabled={!view || redoDepth(editor.current.state) === 0} onClick={() => redo(editor.current)}>Redo</button>
      <button type="button" class="main" onClick={() => setSaving(true)}>Save…</button>
    </header>
    <main aria-busy={isBusy}>
      <div class="left">
        <Servers servers={listed.servers} isAsking={isAsking} onAsk={askAgain} />
        <nav aria-label="Settings">
          {(view?.policies ?? []).map(({ name }, i) => <>
            <button type="button" aria-pressed={settings === `policy/${i}`} onClick={() => chooseSettings(`policy/${i}`)}>{view.policies.length > 1 ? `Policy ${name}` : 'Policy'}</button>
            <button type="button" aria-pressed={settings === `all/${i}`} onClick={() => chooseSettings(`all/${i}`)}>{view.policies.length > 1 ? `All tools of ${name}` : 'All tools'}</button>
          </>)}
          {view?.policies[0]?.pointer.length > 0 && <button type="button" aria-pressed={settings === 'options'} onClick={() => chooseSettings('options')}>Options</button>}
        </nav>
        <Targets rows={rows} details={listed.targets} chosen={chosen} onChoose={choose}><AddName onAdd={addName} /></Targets>
      </div>
      <section class="middle" aria-label="Form">
        <Tabs tab={tab} onTab={setTab} />
        {failure && <p class="problems" role="alert">{failure}</p>}
        <div role="tabpanel" id={`panel-${tab}`} aria-labelledby={`tab-${tab}`} tabIndex={-1}>
          {!view ? <p>Reading…</p> : panel()}
        </div>
      </section>
      <section class="right" aria-label="Text">
        <div class="text" ref={holder} />
        <ProblemList problems={view?.problems ?? []} onGo={(at) => goTo(editor.current, at)} />
      </section>
    </main>
    <p id="news" role="status">{news}</p>
    {isSaving && <Save text={text} cases={cases} problems={view?.problems ?? []} onClose={() => setSaving(false)} onReload={reload} onSaved={(texts) => { setSaved(texts); announce('Saved.'); }} file={opened.file} />}
  </>;

  function panel() {
    const shared = { view, schema: opened.schema, onChange };
    if (tab === 'cases') return <Cases text={text} cases={cases} file={opened.cases_file} onCases={setCases} announce={announce} />;
    if (tab === 'deploy') return <Deploy text={text} upstreams={opened.upstreams} announce={announce} />;
    if (tab === 'try') {
      const [row] = selected;
      return row ? <Try row={row} details={listed.targets[row.target]} text={text} cases={cases} onCases={setCases} announce={announce} /> : <p>Select a tool, a prompt or a resource to call.</p>;
    }
    if (selected.length > 0) return <Rule {...shared} key={chosen.join()} rows={selected} details={listed.targets} onDecide={(decision) => onDecide(selected, decision)} onRecommend={onRecommend} />;
    if (chosen.some((key) => byKey.has(key))) return <p>No policy of this text is for this server: add one with its name to <code>policies</code>.</p>;
    const [kind, index] = settings.split('/');
    const place = view.policies[index];
    if (kind === 'options') return <Settings {...shared} title="Options of the gateway" definition="Options" base={[]} skip={['policy', 'policies']} />;
    if (!place) return <p>Select a name on the left.</p>;
    if (kind === 'all') return <Member {...shared} title="All tools" definition="Policy" base={place.pointer} member="all_tools" />;
    return <Settings {...shared} title="Policy" definition="Policy" base={place.pointer} skip={['all_tools', 'tools', 'resources', 'prompts', 'hide', 'definitions', ...(place.pointer.length ? [] : Object.keys(view.value ?? {}).filter((key) => key === '$schema'))]} />;
  }
}

function Servers({ servers, isAsking, onAsk }) {
  if (servers.length === 0) return null;
  return <>
    <ul class="servers">{servers.filter(({ error, remarks }) => error || remarks.length).map(({ name, error, remarks }) => (
      <li><code>{name}</code>: {error ?? remarks.join('; ')}</li>
    ))}</ul>
    <p class="again"><button type="button" aria-disabled={isAsking} onClick={() => isAsking || onAsk()}>{isAsking ? 'Reading…' : 'Read the servers again'}</button></p>
  </>;
}

function Tabs({ tab, onTab }) {
  const names = Object.keys(TABS);
  const onKeyDown = (event) => {
    const move = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!move) return;
    const next = names[(names.indexOf(tab) + move + names.length) % names.length];
    onTab(next);
    document.getElementById(`tab-${next}`).focus();
  };
  return (
    <div role="tablist" aria-label="Form" onKeyDown={onKeyDown}>{names.map((name) => (
      <button type="button" role="tab" id={`tab-${name}`} key={name} aria-selected={tab === name} aria-controls={tab === name ? `panel-${name}` : undefined} tabIndex={tab === name ? 0 : -1} onClick={() => onTab(name)}>{TABS[name]}</button>
    ))}</div>
  );
}

function ProblemList({ problems, onGo }) {
  const count = (kind) => problems.filter(({ severity }) => severity === kind).length;
  const [errors, warnings] = [count('error'), count('warning')];
  return (
    <div class="found">
      <p role="status">{errors ? `${errors} error${errors > 1 ? 's' : ''}: a gateway would refuse this` : warnings ? `${warnings} warning${warnings > 1 ? 's' : ''}` : 'no error, no warning'}</p>
      <ul tabIndex={problems.length ? 0 : undefined} aria-label="Errors and warnings">{problems.map(({ severity, line, message, from }) => (
        <li class={severity}><button type="button" onClick={() => onGo(from)}>line {line}</button> {message}</li>
      ))}</ul>
    </div>
  );
}

function Save({ text, cases, problems, file, onClose, onSaved, onReload }) {
  const dialog = useRef();
  const [failure, setFailure] = useState('');
  useEffect(() => { dialog.current.showModal(); }, []);
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  const save = async (event) => {
    event.preventDefault();
    try {
      onSaved(await ask('save', { text, cases }));
      dialog.current.close();
    } catch ({ message }) {
      setFailure(message);
    }
  };
  const reload = async () => {
    await onReload();
    dialog.current.close();
  };
  return (
    <dialog ref={dialog} aria-labelledby="save-title" onClose={onClose}>
      <form onSubmit={save}>
        <h2 id="save-title">Save {file}</h2>
        {errors > 0 && <p class="problems">A gateway would refuse this text: it has {errors} error{errors > 1 && 's'}. You can save it and correct it later.</p>}
        <h3>What it decides otherwise than the file</h3>
        <div class="changes" tabIndex={0} role="group" aria-label="Changes"><Changes text={text} cases={cases} /></div>
        {failure && <p class="problems" role="alert">{failure}</p>}
        <p class="buttons"><button class="main" autofocus>{errors ? 'Save with errors' : 'Save'}</button> {failure && <button type="button" onClick={reload}>Load the file again</button>} <button type="button" onClick={() => dialog.current.close()}>Cancel</button></p>
      </form>
    </dialog>
  );
}

const page = document.getElementById('page');
ask('open').then(
  (opened) => { page.replaceChildren(); render(<App opened={opened} />, page); },
  ({ message }) => { page.replaceChildren(Object.assign(document.createElement('p'), { role: 'alert', textContent: message })); },
);
