// A field for each part of a schema. Nothing here knows a key of the policy: a new one in the schema has its field.

import { useEffect, useId, useState } from 'preact/hooks';
import { choices, fits, isRequired, kindOf, minimal, resolve, suggestions, tagged } from './schema.js';

const MAX_DEPTH = 10;

// A key as words, where the schema has no title.
const words = (key) => key.replaceAll('_', ' ').replace(/^./, (letter) => letter.toUpperCase());

// The problems of exactly this place, or of what is not there below it.
export function problemsAt(problems, pointer, value) {
  return problems.filter((problem) => {
    const rest = pointer.every((token, i) => problem.pointer[i] === token) && problem.pointer.slice(pointer.length);
    return rest && (rest.length === 0 || value?.[rest[0]] === undefined);
  });
}

function Problems({ problems, id }) {
  return problems.length > 0 && (
    <ul class="problems" id={id}>{problems.map(({ severity, message }) => <li class={severity}>{message}</li>)}</ul>
  );
}

// The first sentence; the rest is a press away.
function Help({ text, id }) {
  const end = text.search(/\. /) + 1;
  if (!end || text.length < 140) return <p class="help" id={id}>{text}</p>;
  return <details class="help"><summary id={id}>{text.slice(0, end)}</summary>{text.slice(end)}</details>;
}

// `at` is the place below the form's own, `form` has what all fields share: `set`, `remove`, `problems`, `isBroken`, `paths`, `root`.
export function Field({ schema, value, at, form, label, onRemove, depth = 0 }) {
  const node = resolve(schema, form.root);
  const id = useId();
  const title = node.title ?? label;
  const kind = depth > MAX_DEPTH ? 'json' : kindOf(node, form.root);
  const isGroup = ['object', 'tagged', 'map', 'list', 'variants'].includes(kind);
  const problems = form.problems(at, value);
  const described = [node.description && `${id}-is`, problems.length && `${id}-has`].filter(Boolean).join(' ') || undefined;
  const field = { node, value, at, form, id, described, depth, title, isInvalid: problems.some(({ severity }) => severity === 'error') };
  const remove = onRemove && <button type="button" class="remove" aria-label={`Remove ${title}`} onClick={onRemove}>✕</button>;
  if (form.isBroken(at)) {
    return <div class="field broken"><span class="name">{title}</span> <em>cannot be read: correct it in the text</em></div>;
  }
  const Input = INPUTS[kind];
  const body = <>
    {node.description && <Help text={String(node.description)} id={`${id}-is`} />}
    <Problems problems={problems} id={`${id}-has`} />
  </>;
  return isGroup ? (
    <fieldset class="field group" aria-describedby={described}>
      <legend>{title}{remove}</legend>{body}<Input {...field} />
    </fieldset>
  ) : (
    <div class="field">
      <div class="line"><label for={id}>{title}</label><Input {...field} />{remove}</div>{body}
    </div>
  );
}

// A text that is committed while it is typed. What is typed stays as it is until the field is left.
function Typed({ id, described, isInvalid, value, onText, list, ...more }) {
  const [draft, setDraft] = useState(null);
  return (
    <input {...more} id={id} list={list} value={draft ?? value} aria-describedby={described} aria-invalid={isInvalid || undefined}
      autocomplete="off" onInput={({ target }) => { setDraft(target.value); onText(target.value); }} onBlur={() => setDraft(null)} />
  );
}

function TextInput({ node, value, at, form, id, ...more }) {
  const options = suggestions(node, form.paths);
  return <>
    <Typed {...attributes(more)} id={id} list={options.length ? `${id}-list` : undefined} value={typeof value === 'string' ? value : ''} onText={(text) => form.set(at, JSON.stringify(text))} />
    {options.length > 0 && <datalist id={`${id}-list`}>{options.map((option) => <option value={option} />)}</datalist>}
  </>;
}

const attributes = ({ described, isInvalid }) => ({ described, isInvalid });

const NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?$/;

function NumberInput({ value, at, form, id, ...more }) {
  return <Typed {...attributes(more)} id={id} inputmode="decimal" value={typeof value === 'number' ? String(value) : ''}
    onText={(text) => NUMBER.test(text) && form.set(at, text)} />;
}

// A value of any kind, as JSON; a word that is not JSON is a text.
function JsonInput({ value, at, form, id, ...more }) {
  const read = (text) => {
    try {
      JSON.parse(text);
      return text;
    } catch {
      return JSON.stringify(text);
    }
  };
  const shown = typeof value === 'string' && read(value) !== value ? value : JSON.stringify(value ?? null);
  return <Typed {...attributes(more)} id={id} value={shown} onText={(text) => form.set(at, read(text))} />;
}

function FlagInput({ value, at, form, id, described }) {
  return (
    <select id={id} aria-describedby={described} value={String(value)} onChange={({ target }) => form.set(at, target.value)}>
      <option>true</option><option>false</option>
    </select>
  );
}

function ChoiceInput({ node, value, at, form, id, described }) {
  const options = choices(node);
  const index = options.findIndex((option) => option.value === value);
  return (
    <select id={id} aria-describedby={described} value={String(index)} onChange={({ target }) => form.set(at, JSON.stringify(options[target.value].value))}>
      {index < 0 && <option value="-1">{JSON.stringify(value ?? null)}</option>}
      {options.map((option, i) => <option value={String(i)} title={option.description}>{String(option.value)}</option>)}
    </select>
  );
}

// The members of an object, and a button for each that can be added. `skip` leaves members out.
export function ObjectFields({ node, value, at, form, depth, skip = [] }) {
  const keys = Object.keys(node.properties).filter((key) => !skip.includes(key));
  const has = (key) => value?.[key] !== undefined;
  const isKept = (key) => isRequired(node, key) && (node.required ?? []).includes(key);
  const others = Object.keys(value ?? {}).filter((key) => !Object.hasOwn(node.properties, key));
  const add = (key) => form.set([...at, key], JSON.stringify(minimal(node.properties[key], form.root, form.paths)));
  const absent = keys.filter((key) => !has(key));
  return <>
    {keys.filter(has).map((key) => (
      <Field key={key} schema={node.properties[key]} value={value[key]} at={[...at, key]} form={form} label={words(key)} depth={depth + 1}
        onRemove={isKept(key) ? undefined : () => form.remove([...at, key])} />
    ))}
    {others.map((key) => (
      <Field key={key} schema={{}} value={value[key]} at={[...at, key]} form={form} label={key} depth={depth + 1} onRemove={() => form.remove([...at, key])} />
    ))}
    {absent.length > 0 && <Adders names={absent} title={(key) => resolve(node.properties[key], form.root).title ?? words(key)} help={(key) => resolve(node.properties[key], form.root).description} onAdd={add} />}
  </>;
}

function Adders({ names, title, help, onAdd }) {
  return (
    <p class="adders">{names.map((key) => (
      <button type="button" key={key} title={help(key)} onClick={() => onAdd(key)}>+ {title(key)}</button>
    ))}</p>
  );
}

// One of several objects, which a member tells apart: changing that member keeps what fits the other.
function TaggedInput({ node, value, at, form, depth }) {
  const { tag, variants } = tagged(node, form.root);
  const current = variants.find((variant) => variant.properties[tag].const === value?.[tag]) ?? variants[0];
  const { title, description } = current.properties[tag];
  const id = useId();
  const change = (name) => {
    const next = variants.find((variant) => variant.properties[tag].const === name);
    const kept = Object.entries(value ?? {}).filter(([key, one]) => key !== tag && next.properties[key] && fits(next.properties[key], one, form.root));
    const start = minimal(next, form.root, form.paths);
    // What is there already says whether the condition is on an argument or on a counter.
    const own = Object.entries(start).filter(([key]) => (next.required ?? []).includes(key) || kept.length === 0);
    form.set(at, JSON.stringify({ ...Object.fromEntries(own), ...Object.fromEntries(kept), [tag]: name }));
  };
  const others = { ...current, properties: Object.fromEntries(Object.entries(current.properties).filter(([key]) => key !== tag)) };
  return <>
    <div class="field">
      <div class="line">
        <label for={id}>{title ?? words(tag)}</label>
        <select id={id} aria-describedby={`${id}-is`} value={value?.[tag]} onChange={({ target }) => change(target.value)}>
          {variants.map((variant) => <option>{variant.properties[tag].const}</option>)}
        </select>
      </div>
      {description && <Help text={description} id={`${id}-is`} />}
    </div>
    <ObjectFields node={others} value={Object.fromEntries(Object.entries(value ?? {}).filter(([key]) => key !== tag))} at={at} form={form} depth={depth} />
  </>;
}

function MapInput({ node, value, at, form, depth }) {
  const [name, setName] = useState('');
  const add = () => {
    if (!name || value?.[name] !== undefined) return;
    form.set([...at, name], JSON.stringify(minimal(node.additionalProperties, form.root, form.paths)));
    setName('');
  };
  return <>
    {Object.entries(value ?? {}).map(([key, one]) => (
      <Field key={key} schema={{ ...resolve(node.additionalProperties, form.root), title: key }} value={one} at={[...at, key]} form={form} label={key} depth={depth + 1} onRemove={() => form.remove([...at, key])} />
    ))}
    <p class="adders">
      <input aria-label="New name" value={name} onInput={({ target }) => setName(target.value)} onKeyDown={({ key }) => key === 'Enter' && add()} />
      <button type="button" onClick={add}>+ Add</button>
    </p>
  </>;
}

function ListInput({ node, value, at, form, depth, title }) {
  const items = Array.isArray(value) ? value : [];
  const name = resolve(node.items, form.root).title ?? title;
  return <>
    {items.map((item, i) => (
      <Field key={i} schema={{ ...resolve(node.items, form.root), title: `${name} ${i + 1}` }} value={item} at={[...at, String(i)]} form={form} depth={depth + 1}
        onRemove={() => form.remove([...at, String(i)])} />
    ))}
    <p class="adders"><button type="button" onClick={() => form.set([...at, String(items.length)], JSON.stringify(minimal(node.items, form.root, form.paths)))}>+ Add to {title}</button></p>
  </>;
}

// One of several kinds of value: the first that looks like the value shows it.
function VariantsInput({ node, value, at, form, depth, title }) {
  const id = useId();
  const variants = node.anyOf.map((variant) => resolve(variant, form.root));
  const found = variants.findIndex((variant) => fits(variant, value, form.root));
  const name = (variant, i) => variant.title ?? variant.description?.replace(/\.$/, '') ?? (choices(variant) ? 'one of these' : [variant.type].flat()[0]) ?? `form ${i + 1}`;
  const current = variants[found] ?? {};
  return <>
    <div class="field"><div class="line">
      <label for={id}>Written as</label>
      <select id={id} value={String(found)} onChange={({ target }) => form.set(at, JSON.stringify(minimal(variants[target.value], form.root, form.paths)))}>
        {found < 0 && <option value="-1">JSON</option>}
        {variants.map((variant, i) => <option value={String(i)}>{name(variant, i)}</option>)}
      </select>
    </div></div>
    <Field schema={{ ...current, title, description: undefined }} value={value} at={at} form={{ ...form, problems: () => [] }} depth={depth + 1} />
  </>;
}

const INPUTS = {
  text: TextInput, number: NumberInput, flag: FlagInput, choice: ChoiceInput, json: JsonInput, tagged: TaggedInput, map: MapInput, list: ListInput, variants: VariantsInput,
  object: ObjectFields,
};

// Waits until a value has not changed for a while.
export function useSettled(value, milliseconds) {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), milliseconds);
    return () => clearTimeout(timer);
  }, [value, milliseconds]);
  return settled;
}
