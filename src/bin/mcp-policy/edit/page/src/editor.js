// The text, in CodeMirror. Its history is the only one: the form's changes are transactions of it, so undo works over both.

import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap, isolateHistory } from '@codemirror/commands';
import { json } from '@codemirror/lang-json';
import { bracketMatching, indentOnInput, indentUnit, syntaxHighlighting, syntaxTree } from '@codemirror/language';
import { lintGutter, lintKeymap, setDiagnostics } from '@codemirror/lint';
import { highlightSelectionMatches, searchKeymap } from '@codemirror/search';
import { ChangeSet, EditorState, Transaction } from '@codemirror/state';
import { EditorView, highlightActiveLine, highlightSpecialChars, keymap, lineNumbers } from '@codemirror/view';
import { classHighlighter } from '@lezer/highlight';
import { choices, resolve, schemasAt } from './schema.js';

const text = (state, node) => state.sliceDoc(node.from, node.to);

function parse(json) {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

// The pointer of a node of the syntax tree, as tokens.
function pointerOf(state, node) {
  const tokens = [];
  for (let at = node; at.parent; at = at.parent) {
    if (at.name === 'Property') tokens.unshift(parse(text(state, at.firstChild)) ?? '');
    if (at.parent.name === 'Array' && at.name !== 'Property') {
      let index = 0;
      for (let before = at.prevSibling; before; before = before.prevSibling) index += !/^[[\],⚠]/.test(before.name);
      tokens.unshift(String(index));
    }
  }
  return tokens;
}

// Completes keys, and words where the schema lists them. `document` gives the value of the text as it was read last.
function complete(schema, document) {
  return (context) => {
    const { state, pos } = context;
    const inner = syntaxTree(state).resolveInner(pos, -1);
    const word = context.matchBefore(/"?[\w$]*/);
    if (!context.explicit && !word?.text.startsWith('"')) return null;
    const property = inner.name === 'PropertyName' || inner.name === 'Object' || inner.name === 'Property' && inner.lastChild === inner.firstChild;
    const holder = inner.name === 'Object' || inner.name === 'Array' ? inner : property ? inner.parent.name === 'Property' ? inner.parent.parent : inner.parent : inner.parent;
    const isKey = property && holder.name === 'Object';
    const tokens = pointerOf(state, isKey ? holder : inner.name === 'Property' ? inner : inner);
    const nodes = schemasAt(schema, document(), tokens, schema);
    const options = isKey ? nodes.flatMap((node) => keys(node, schema)) : nodes.flatMap((node) => words(resolve(node, schema)));
    const seen = new Set();
    const to = pos + (state.sliceDoc(pos, pos + 1) === '"' && word?.text.startsWith('"') ? 1 : 0);
    return { from: word?.from ?? pos, to, options: options.filter(({ label }) => !seen.has(label) && seen.add(label)) };
  };
}

const keys = (node, schema) => Object.entries(node.properties ?? {}).map(([key, part]) => {
  const { title, description } = resolve(part, schema);
  return { label: JSON.stringify(key), apply: `${JSON.stringify(key)}: `, detail: title, info: description, type: 'property' };
});

const words = (node) => (choices(node) ?? []).map(({ value, description }) => ({ label: JSON.stringify(value), info: description, type: 'constant' }));

// Makes the editor. `onText` gets each new text, `onSave` is called on Ctrl+S.
export function createEditor({ parent, doc, schema, document: value, onText, onSave }) {
  const nonce = document.querySelector('script').nonce;
  return new EditorView({
    parent,
    state: EditorState.create({
      doc,
      extensions: [
        EditorView.cspNonce.of(nonce),
        EditorView.contentAttributes.of({ 'aria-label': 'Policy, JSON', spellcheck: 'false', tabindex: '0' }),
        EditorState.lineSeparator.of(doc.includes('\r\n') ? '\r\n' : '\n'),
        lineNumbers(), lintGutter(), history(), json(), indentUnit.of('  '), indentOnInput(), bracketMatching(), closeBrackets(),
        highlightSpecialChars(), highlightActiveLine(), highlightSelectionMatches(), syntaxHighlighting(classHighlighter),
        autocompletion({ override: [complete(schema, value)] }), EditorView.lineWrapping,
        keymap.of([
          { key: 'Mod-s', run: () => (onSave(), true), preventDefault: true },
          ...closeBracketsKeymap, ...defaultKeymap, ...searchKeymap, ...historyKeymap, ...completionKeymap, ...lintKeymap,
        ]),
        EditorView.updateListener.of((update) => update.docChanged && onText(textOf(update.view), update.transactions.some((one) => one.isUserEvent('input.type.form')))),
      ],
    }),
  });
}

// The text as it is saved, with the line ends that it had.
export const textOf = (view) => view.state.sliceDoc();

// Applies the command's replacements, each for the text that the one before it makes, as one step. Steps at one place in quick
// succession, such as the letters of a word, are undone together.
export function applyReplacements(view, replacements, isNewStep) {
  let changes = ChangeSet.empty(view.state.doc.length);
  for (const { from, to, insert } of replacements) {
    changes = changes.compose(ChangeSet.of({ from, to, insert }, changes.newLength, view.state.lineBreak));
  }
  const annotations = [Transaction.userEvent.of('input.type.form'), ...(isNewStep ? [isolateHistory.of('before')] : [])];
  let at = 0;
  changes.iterChangedRanges((_from, _to, from) => { at = from; });
  view.dispatch({ changes, annotations, effects: EditorView.scrollIntoView(Math.min(at, changes.newLength), { y: 'center' }) });
}

// Replaces the whole text, as one step.
export function replaceText(view, insert) {
  view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert }, annotations: isolateHistory.of('full') });
}

// Marks the problems at their places.
export function markProblems(view, problems) {
  const end = view.state.doc.length;
  const diagnostics = problems.map(({ severity, name, from, to, message }) => ({
    severity, source: name ?? undefined, message, from: Math.min(from, end), to: Math.min(to, end),
  }));
  view.dispatch(setDiagnostics(view.state, diagnostics));
}

// Moves the cursor to an offset.
export function goTo(view, at) {
  view.dispatch({ selection: { anchor: Math.min(at, view.state.doc.length) }, scrollIntoView: true });
  view.focus();
}
