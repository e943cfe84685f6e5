// Reads a JSON Schema as the description of a form. It judges no value: `check` does. The schemas of tools come from servers, which
// may be hostile, so every walk has a bound.

const MAX_REFS = 16;
const MAX_DEPTH = 8;

// What a pointer in the schema leads to.
function target(ref, root) {
  if (typeof ref !== 'string' || !ref.startsWith('#')) return undefined;
  const tokens = ref.slice(1).split('/').slice(1);
  return tokens.reduce((node, token) => node?.[token.replaceAll('~1', '/').replaceAll('~0', '~')], root);
}

// A schema with what its `$ref` leads to; its own keywords take precedence.
export function resolve(schema, root) {
  let node = schema && typeof schema === 'object' ? schema : {};
  for (let i = 0; i < MAX_REFS && node.$ref !== undefined; i += 1) {
    const { $ref, ...own } = node;
    node = { ...target($ref, root), ...own };
  }
  return node;
}

// The words that a schema lists, each with what it means.
export function choices(node) {
  if (Array.isArray(node.enum)) return node.enum.map((value) => ({ value }));
  const options = Array.isArray(node.oneOf) ? node.oneOf : [];
  if (options.length && options.every((option) => option && 'const' in option)) {
    return options.map((option) => ({ value: option.const, description: option.description }));
  }
  return 'const' in node ? [{ value: node.const }] : undefined;
}

// The member that tells the variants of `oneOf` apart, and the variants.
export function tagged(node, root) {
  if (!Array.isArray(node.oneOf)) return undefined;
  const variants = node.oneOf.map((variant) => resolve(variant, root));
  const tag = Object.keys(variants[0]?.properties ?? {}).find((key) => variants.every((variant) => 'const' in (variant.properties?.[key] ?? {})));
  return tag && { tag, variants };
}

// Which kind of field shows a schema.
export function kindOf(node, root) {
  if (choices(node)) return 'choice';
  if (tagged(node, root)) return 'tagged';
  if (Array.isArray(node.anyOf) && node.anyOf.some((variant) => resolve(variant, root).type !== undefined || variant?.$ref)) return 'variants';
  const type = Array.isArray(node.type) ? node.type.find((name) => name !== 'null') : node.type;
  if (type === 'object' || node.properties) return node.properties ? 'object' : node.additionalProperties ? 'map' : 'json';
  return { string: 'text', number: 'number', integer: 'number', boolean: 'flag', array: node.items ? 'list' : 'json' }[type] ?? 'json';
}

// The members that a value has from the start: what the schema requires, and what it gives an example of.
function required(node) {
  const first = [node, ...(node.allOf ?? []), ...(node.oneOf ?? []).slice(0, 1)];
  return [...new Set(first.flatMap((part) => part?.required ?? []))];
}

export const isRequired = (node, key) => required(node).includes(key);

// Whether a text is the path of an argument, by the pattern that it has to match.
const isPath = ({ pattern }) => typeof pattern === 'string' && /^\^\(?args\b/.test(pattern);

// What a field offers: the arguments of the tool, or the examples of its schema.
export const suggestions = (node, paths) => [...new Set([...(isPath(node) ? paths : []), ...(node.examples ?? []).map(String)])];

// The smallest value to begin with.
export function minimal(schema, root, paths = [], depth = 0) {
  const node = resolve(schema, root);
  const [example] = node.examples ?? [];
  if (isPath(node)) return paths[0] ?? example ?? 'args.amount';
  if (node.default !== undefined) return node.default;
  if (example !== undefined) return example;
  const inner = (part) => minimal(part, root, paths, depth + 1);
  const kind = depth > MAX_DEPTH ? 'json' : kindOf(node, root);
  switch (kind) {
    case 'choice': return choices(node)[0].value;
    case 'tagged': return inner(tagged(node, root).variants[0]);
    case 'variants': return inner(node.anyOf[0]);
    case 'object': {
      const keys = Object.keys(node.properties);
      const has = keys.filter((key) => isRequired(node, key) || resolve(node.properties[key], root).examples);
      return Object.fromEntries(has.map((key) => [key, inner(node.properties[key])]));
    }
    case 'map': return {};
    // A list of objects begins with one, whose fields can then be filled in.
    case 'list': return node.minItems || ['object', 'tagged'].includes(kindOf(resolve(node.items, root), root)) ? [inner(node.items)] : [];
    case 'number': return Math.max(0, node.minimum ?? 0);
    case 'flag': return true;
    case 'text': return '';
    default: return node.type === 'array' ? [] : node.type === 'object' ? {} : '';
  }
}

const TYPES = {
  string: (value) => typeof value === 'string',
  number: (value) => typeof value === 'number',
  integer: Number.isInteger,
  boolean: (value) => typeof value === 'boolean',
  array: Array.isArray,
  object: (value) => value !== null && typeof value === 'object' && !Array.isArray(value),
  null: (value) => value === null,
};

// Whether a value looks like one of a schema: which variant of the form shows it.
export function fits(schema, value, root, depth = 0) {
  const node = resolve(schema, root);
  if (depth > MAX_DEPTH) return true;
  const words = choices(node);
  if (words) return words.some((word) => word.value === value);
  if (Array.isArray(node.anyOf)) return node.anyOf.some((variant) => fits(variant, value, root, depth + 1));
  const types = [node.type ?? []].flat();
  if (types.length && !types.some((type) => TYPES[type]?.(value))) return false;
  if (node.properties && TYPES.object(value)) {
    return (node.required ?? []).every((key) => key in value) && Object.entries(node.properties).every(([key, part]) => !(key in value) || fits(part, value[key], root, depth + 1));
  }
  return !(node.items && Array.isArray(value)) || value.every((item) => fits(node.items, item, root, depth + 1));
}

// The schema of a place in a document, of the variants that the document chooses: for completion in the text.
export function schemasAt(schema, value, tokens, root) {
  let nodes = [resolve(schema, root)];
  let inside = value;
  for (const token of [...tokens, undefined]) {
    nodes = nodes.flatMap((node) => expand(node, inside, root));
    if (token === undefined) break;
    nodes = nodes.flatMap((node) => {
      const own = Object.hasOwn(node.properties ?? {}, token) && node.properties[token];
      return own || (typeof node.additionalProperties === 'object' && node.additionalProperties) || (node.items && /^\d+$/.test(token) && node.items) || [];
    }).map((node) => resolve(node, root));
    inside = inside?.[token];
  }
  return nodes;
}

// The forms that a value can have: the branch of `if`, the variant of `op`, or all of them.
function expand(node, value, root, depth = 0) {
  if (depth > MAX_DEPTH || choices(node)) return [node];
  const more = (parts) => parts.flatMap((part) => expand(resolve(part, root), value, root, depth + 1));
  if (node.properties) return [node];
  if (node.if) return more([holds(node.if, value) ? node.then ?? {} : node.else ?? {}]);
  const { tag, variants } = tagged(node, root) ?? {};
  if (tag && value?.[tag] !== undefined) return more(variants.filter((variant) => variant.properties[tag].const === value[tag]));
  return node.oneOf || node.anyOf ? more(node.oneOf ?? node.anyOf) : [node];
}

// Whether a value has the keys that an `if` asks for.
function holds({ required: keys = [], anyOf, allOf = [], not }, value) {
  return keys.every((key) => value?.[key] !== undefined) && allOf.every((part) => holds(part, value))
    && (!anyOf || anyOf.some((part) => holds(part, value))) && !(not && holds(not, value));
}
