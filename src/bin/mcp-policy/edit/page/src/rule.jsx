// The form of what is selected: what its entry decides on every call, then a field for each part of its rule.

import { useId } from 'preact/hooks';
import { Field, ObjectFields, problemsAt } from './field.jsx';
import { resolve } from './schema.js';

// The value at a place. Every object of JavaScript has a `constructor`; a document has it only if it says so.
export const valueAt = (value, pointer) => pointer.reduce((part, token) => (part && Object.hasOwn(Object(part), token) ? part[token] : undefined), value);

// What all fields of a form share. `bases` are the places that it edits at once: it shows the first.
export function makeForm({ view, schema, bases, paths, onChange }) {
  const [base] = bases;
  const place = (at) => [...base, ...at];
  const isIn = (at) => (broken) => broken.length <= place(at).length && broken.every((token, i) => place(at)[i] === token);
  return {
    root: schema,
    paths,
    set: (at, json) => onChange(bases.map((own) => ({ op: 'set', pointer: [...own, ...at], json }))),
    remove: (at) => onChange(bases.map((own) => ({ op: 'remove', pointer: [...own, ...at] }))),
    problems: (at, value) => problemsAt(view.problems, place(at), value),
    // A part that cannot be read, or whose own signs are wrong; the whole document's are, if only the end is missing.
    isBroken: (at) => view.broken.some((broken) => broken.length > 0 && isIn(at)(broken)),
  };
}

const DECISIONS = { no_entry: 'As the default', allow: 'Allow', deny: 'Deny', require_approval: 'Ask for approval', hide: 'Hide' };

export function Rule({ rows, details, view, schema, onChange, onDecide, onRecommend }) {
  const [row] = rows;
  const bases = rows.map(({ policy, section, name }) => [...view.policies[policy].pointer, section, name]);
  const paths = [...new Set(rows.flatMap(({ target }) => details[target]?.arguments ?? []))];
  const form = makeForm({ view, schema, bases, paths, onChange });
  const node = resolve(schema.$defs.Rule, schema);
  const value = valueAt(view.value, bases[0]);
  const known = details[row.target];
  return (
    <div class="form">
      <h2>{rows.length > 1 ? `${rows.length} names` : <code>{row.label}</code>}</h2>
      {rows.length > 1 && <p class="help">Changes apply to all; the fields show <code>{row.label}</code>.</p>}
      {rows.length === 1 && known && <About details={known} />}
      <p class="says">Now: <strong>{row.words ?? 'the policy does not load'}</strong>{row.rule && row.rule !== row.name && <> by <code>{row.rule}</code></>}</p>
      <Decision decision={row.decision} section={row.section} onDecide={onDecide} />
      <Catalog rows={rows.filter(({ target }) => details[target]?.catalog)} details={details} count={rows.length} onRecommend={onRecommend} />
      {form.isBroken([]) ? <p class="broken">This rule cannot be read: correct it in the text.</p> : <ObjectFields node={node} value={value} at={[]} form={form} depth={0} />}
    </div>
  );
}

function About({ details }) {
  return <>
    <p class="about">{details.class && <><span class={`class ${details.class}`}>{details.class}</span> {details.why}</>}</p>
    {details.description && <p class="description">{details.description}</p>}
  </>;
}

// The catalogue's rules for those of the selected names that it knows.
function Catalog({ rows, details, count, onRecommend }) {
  const id = useId();
  if (rows.length === 0) return null;
  const of = rows.length < count ? ` (${rows.length} of ${count})` : '';
  const entries = [...new Set(rows.map(({ target }) => details[target].catalog))];
  return <>
    <p class="catalog"><button type="button" aria-describedby={id} onClick={() => onRecommend(rows)}>{count > 1 ? `Use the catalogue's rules${of}` : "Use the catalogue's rule"}</button></p>
    <p class="help" id={id}>It replaces the rule by that of <code>{entries.join(', ')}</code>. The folders, hosts, names and amounts in it are examples: write yours.</p>
  </>;
}

function Decision({ decision, section, onDecide }) {
  const name = useId();
  const options = Object.entries(DECISIONS).filter(([key]) => key !== 'hide' || section === 'tools');
  return (
    <fieldset class="decision">
      <legend>Decision</legend>
      {options.map(([key, text]) => (
        <label key={key}><input type="radio" name={name} value={key} checked={decision === key} onChange={() => onDecide(key)} /> {text}</label>
      ))}
    </fieldset>
  );
}

// The members of an object other than `skip`: settings of the whole policy, or of the gateway.
export function Settings({ title, definition, base, skip, view, schema, onChange }) {
  const form = makeForm({ view, schema, bases: [base], paths: [], onChange });
  const node = resolve(schema.$defs[definition], schema);
  const value = valueAt(view.value, base);
  const rest = Object.fromEntries(Object.entries(value ?? {}).filter(([key]) => !skip.includes(key)));
  return (
    <div class="form">
      <h2>{title}</h2>
      <ObjectFields node={node} value={rest} at={[]} form={form} depth={0} skip={skip} />
    </div>
  );
}

// A single member, such as the rule for all tools.
export function Member({ title, definition, base, member, view, schema, onChange }) {
  const form = makeForm({ view, schema, bases: [base], paths: [], onChange });
  const node = resolve(schema.$defs[definition], schema).properties[member];
  const value = valueAt(view.value, [...base, member]);
  return (
    <div class="form">
      <h2>{title}</h2>
      {value === undefined
        ? <p><button type="button" onClick={() => form.set([member], '{}')}>+ {resolve(node, schema).title}</button></p>
        : <Field schema={node} value={value} at={[member]} form={form} label={member} onRemove={() => form.remove([member])} />}
    </div>
  );
}
