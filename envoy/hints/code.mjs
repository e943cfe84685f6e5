// Finds the branches of a WebAssembly module, has it mark which way each goes, and writes down which way they go: the section
// `metadata.code.branch_hint` of https://github.com/WebAssembly/branch-hinting. No byte of the code itself changes by that.

const SECTION = { CUSTOM: 0, TYPE: 1, IMPORT: 2, FUNCTION: 3, MEMORY: 5, CODE: 10 };
const PAGE = 65536;
const I32 = 0x7f;
// Both take a number from the stack, and go one way if it is zero.
const IF = 0x04;
const BR_IF = 0x0d;

// What follows the code of an instruction, in letters that `Reader.skip` reads.
const OPERANDS = {};
const codes = (first, last, operands) => {
  for (let code = first; code <= last; code += 1) OPERANDS[code] = operands;
};
codes(0x00, 0x01, '');
codes(0x02, 0x04, 'n');
for (const code of [0x05, 0x0b, 0x0f, 0x1a, 0x1b]) OPERANDS[code] = '';
codes(0x0c, 0x0d, 'n');
Object.assign(OPERANDS, { 0x0e: 'vn', 0x10: 'n', 0x11: 'nn', 0x1c: 'v' });
codes(0x20, 0x26, 'n');
codes(0x28, 0x3e, 'nn');
codes(0x3f, 0x42, 'n');
Object.assign(OPERANDS, { 0x43: '4', 0x44: '8' });
codes(0x45, 0xc4, '');
Object.assign(OPERANDS, { 0xd0: 'n', 0xd1: '', 0xd2: 'n' });
// The same of instructions with two codes: of memory and tables, and SIMD. What is not listed has nothing behind it.
const MEMORY = 0xfc;
const MEMORY_OPERANDS = { 8: 'nn', 9: 'n', 10: 'nn', 11: 'n', 12: 'nn', 13: 'n', 14: 'nn', 15: 'n', 16: 'n', 17: 'n' };
const SIMD = 0xfd;
const SIMD_OPERANDS = { 12: 'g', 13: 'g', 92: 'nn', 93: 'nn' };
for (let code = 0; code <= 11; code += 1) SIMD_OPERANDS[code] = 'nn';
for (let code = 21; code <= 34; code += 1) SIMD_OPERANDS[code] = '1';
for (let code = 84; code <= 91; code += 1) SIMD_OPERANDS[code] = 'nn1';

class Reader {
  constructor(bytes, at = 0) {
    Object.assign(this, { bytes, at });
  }

  byte() {
    const byte = this.bytes[this.at];
    this.at += 1;
    return byte;
  }

  // An unsigned number in LEB128.
  number() {
    for (let sum = 0, factor = 1; ; factor *= 128) {
      const byte = this.byte();
      sum += (byte % 128) * factor;
      if (byte < 128) return sum;
    }
  }

  skipName() {
    const size = this.number();
    this.at += size;
  }

  // `n` is a number, `v` a vector of numbers, `g` sixteen bytes, a digit so many bytes.
  skip(operands) {
    for (const operand of operands) {
      if (operand === 'n') this.number();
      else if (operand === 'v') for (let left = this.number(); left > 0; left -= 1) this.number();
      else this.at += operand === 'g' ? 16 : Number(operand);
    }
  }

  // Reads an instruction, and returns its code.
  instruction() {
    const code = this.byte();
    if (code === MEMORY) this.skip(MEMORY_OPERANDS[this.number()] ?? '');
    else if (code === SIMD) this.skip(SIMD_OPERANDS[this.number()] ?? '');
    else if (OPERANDS[code] === undefined) throw new Error(`the instruction 0x${code.toString(16)} at ${this.at - 1} is unknown`);
    else this.skip(OPERANDS[code]);
    return code;
  }
}

// A number in LEB128.
function leb(number) {
  const bytes = [];
  for (let rest = number; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...bytes, rest];
    bytes.push((rest % 128) + 128);
  }
}

const joined = (parts) => Buffer.concat(parts.map((part) => Uint8Array.from(part)));
const vector = (items) => [leb(items.length), ...items].flat();
const section = (id, content) => [Uint8Array.of(id, ...leb(content.length)), Uint8Array.from(content)];

// A module, and where its branches are.
export class Module {
  constructor(bytes) {
    this.bytes = bytes;
    this.sections = [...this.#sections()];
    this.functions = this.#functions();
    this.branches = this.functions.reduce((count, { branches }) => count + branches.length, 0);
  }

  // The module with marks, which are bytes behind its memory. Each branch has two: one is set when it is taken, the other when it is not.
  withMarks() {
    const base = this.#pages() * PAGE;
    let mark = base;
    const bodies = this.functions.map((body) => {
      const marked = this.#markedBody(body, mark);
      mark += 2 * body.branches.length;
      return marked;
    });
    const pages = leb(Math.ceil(mark / PAGE));
    const code = [leb(bodies.length), ...bodies.flatMap((body) => [leb(body.length), body])];
    const replaced = { [SECTION.MEMORY]: [[1, 0, ...pages]], [SECTION.CODE]: code };
    return { base, bytes: this.#withSections(({ id, start, end }) => replaced[id] ?? [this.bytes.subarray(start, end)]) };
  }

  // The module with hints: each branch that went one way only, by these marks, is said to go that way.
  withHints(marks) {
    let [mark, count] = [0, 0];
    const functions = this.functions.flatMap(({ index, start, branches }) => {
      const hints = branches.flatMap((at) => {
        const [taken, untaken] = marks.subarray(mark, (mark += 2));
        return taken === untaken ? [] : [[...leb(at - start), 1, taken]];
      });
      count += hints.length;
      return hints.length > 0 ? [[...leb(index), ...vector(hints)]] : [];
    });
    const name = [...new TextEncoder().encode('metadata.code.branch_hint')];
    const hints = section(SECTION.CUSTOM, [...vector(name), ...vector(functions)]);
    const at = this.sections.find(({ id }) => id === SECTION.CODE).header;
    return { count, bytes: joined([this.bytes.subarray(0, at), ...hints, this.bytes.subarray(at)]) };
  }

  *#sections() {
    const reader = new Reader(this.bytes, 8);
    while (reader.at < this.bytes.length) {
      const [header, id, size] = [reader.at, reader.byte(), reader.number()];
      yield { id, header, start: reader.at, end: reader.at + size };
      reader.at += size;
    }
  }

  #reader(wanted) {
    return new Reader(this.bytes, this.sections.find(({ id }) => id === wanted).start);
  }

  // Each function's index, type, bytes and branches.
  #functions() {
    const [types, imported] = [this.#reader(SECTION.FUNCTION), this.#importedFunctions()];
    const parameters = this.#parameters();
    const reader = this.#reader(SECTION.CODE);
    types.number();
    return Array.from({ length: reader.number() }, (_, number) => {
      const size = reader.number();
      const body = { index: imported + number, parameters: parameters[types.number()], start: reader.at, end: reader.at + size };
      reader.at = body.end;
      return { ...body, ...this.#branches(body) };
    });
  }

  // How many parameters the functions of each type have.
  #parameters() {
    const reader = this.#reader(SECTION.TYPE);
    return Array.from({ length: reader.number() }, () => {
      reader.byte();
      const count = reader.number();
      reader.at += count;
      reader.skip('v');
      return count;
    });
  }

  #importedFunctions() {
    const reader = this.#reader(SECTION.IMPORT);
    let count = 0;
    for (let left = reader.number(); left > 0; left -= 1) {
      reader.skipName();
      reader.skipName();
      if (reader.byte() !== 0) throw new Error('something else than a function is imported');
      reader.number();
      count += 1;
    }
    return count;
  }

  #pages() {
    const reader = this.#reader(SECTION.MEMORY);
    if (reader.number() !== 1 || reader.byte() !== 0) throw new Error('there is not one memory that may grow');
    return reader.number();
  }

  // Where a function's code begins behind its locals, how many locals it has, and where its branches are.
  #branches({ parameters, start, end }) {
    const reader = new Reader(this.bytes, start);
    let locals = parameters;
    for (let left = reader.number(); left > 0; left -= 1) {
      locals += reader.number();
      reader.byte();
    }
    const [code, branches] = [reader.at, []];
    while (reader.at < end) {
      const at = reader.at;
      const instruction = reader.instruction();
      if (instruction === IF || instruction === BR_IF) branches.push(at);
    }
    if (reader.at !== end) throw new Error('the instructions of a function do not end with it');
    return { code, locals, branches };
  }

  // A function's body with one more local, in which each branch keeps what decides about it.
  #markedBody({ start, code, end, locals, branches }, firstMark) {
    const groups = new Reader(this.bytes, start);
    const count = groups.number();
    const parts = [leb(count + 1), this.bytes.subarray(groups.at, code), [1, I32]];
    let from = code;
    branches.forEach((at, number) => {
      parts.push(this.bytes.subarray(from, at), markingCode(leb(locals), leb(firstMark + 2 * number)));
      from = at;
    });
    return joined([...parts, this.bytes.subarray(from, end)]);
  }

  // The module with the contents that `content` has for its sections.
  #withSections(content) {
    const parts = this.sections.flatMap((each) => section(each.id, joined(content(each))));
    return joined([this.bytes.subarray(0, 8), ...parts]);
  }
}

// local.tee LOCAL, local.get LOCAL, i32.eqz, i32.const 1, i32.store8 offset=MARK
const markingCode = (local, mark) => [0x22, ...local, 0x20, ...local, 0x45, 0x41, 1, 0x3a, 0, ...mark];
