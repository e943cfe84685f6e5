// The least of an Envoy that the module needs to answer requests: each call gives the same each time, so that a module's hints have
// the same bytes on every machine.

const STATUS = { OK: 0, NOT_FOUND: 1, CAS_MISMATCH: 8, UNIMPLEMENTED: 12 };
const MAP = { REQUEST_HEADERS: 0, RESPONSE_HEADERS: 2 };
const BUFFER = { REQUEST_BODY: 0, RESPONSE_BODY: 1, PLUGIN_CONFIGURATION: 7 };
const LOG_LEVEL_INFO = 2;
const ROOT = 1;
const NANOSECONDS = 1_767_225_642_500_000_000n;

// How a reply of the module comes back through the callbacks of a response.
const REPLY = {
  pairs: [
    [':status', '200'],
    ['content-type', 'application/json'],
  ],
  texts: ['{}'],
};

const encoder = new TextEncoder();
const decoder = new TextDecoder();

// Header pairs as the ABI writes them.
function serialized(pairs) {
  const texts = pairs.flat().map((text) => encoder.encode(text));
  const sizes = new Uint32Array([pairs.length, ...texts.map((text) => text.length)]);
  return Buffer.concat([new Uint8Array(sizes.buffer), ...texts.flatMap((text) => [text, Uint8Array.of(0)])]);
}

export class Host {
  #exports;
  #now = NANOSECONDS;
  #random = 0;
  #shared = new Map();
  #version = 0;
  #metrics = 0;
  #properties = new Map(Object.entries({ plugin_name: 'filter', 'source\0address': '10.0.0.7:4711', 'xds\0route_name': 'mcp' }));
  // What the callback that runs may read: maps and buffers by their numbers.
  #maps = {};
  #buffers = {};
  #lastContext = ROOT;
  // Whether the module has answered the request.
  #isAnswered = false;

  static async start(bytes) {
    const host = new Host();
    const calls = (object) => new Proxy(object, { get: (found, name) => found[name] ?? (() => STATUS.UNIMPLEMENTED) });
    const imports = { env: calls(host.#calls()), wasi_snapshot_preview1: calls(host.#wasi()) };
    const { instance } = await WebAssembly.instantiate(bytes, imports);
    host.#exports = instance.exports;
    host.#exports._initialize();
    host.#exports.proxy_on_context_create(ROOT, 0);
    return host;
  }

  // The module's memory from a byte on.
  memory(at, size) {
    return new Uint8Array(this.#exports.memory.buffer, at, size);
  }

  configure(configuration) {
    const bytes = encoder.encode(JSON.stringify(configuration));
    this.#buffers = { [BUFFER.PLUGIN_CONFIGURATION]: bytes };
    const root = this.#context(0);
    if (!this.#exports.proxy_on_configure(root, bytes.length)) throw new Error('a configuration of the samples is refused');
    return root;
  }

  // Takes a request and its response through their callbacks, and returns whether the module has replied in place of the server.
  exchange(root, { headers, body, answer }) {
    this.#now += 1_000_000_000n;
    this.#isAnswered = false;
    const context = this.#context(root);
    this.#maps = { [MAP.REQUEST_HEADERS]: headers };
    this.#exports.proxy_on_request_headers(context, headers.length, Number(body === undefined));
    if (body !== undefined && !this.#isAnswered) {
      const chunk = encoder.encode(body);
      this.#buffers = { [BUFFER.REQUEST_BODY]: chunk };
      this.#exports.proxy_on_request_body(context, chunk.length, 1);
    }
    const { pairs, texts } = this.#isAnswered ? REPLY : answer;
    this.#maps = { [MAP.RESPONSE_HEADERS]: pairs };
    this.#exports.proxy_on_response_headers(context, pairs.length, Number(texts.length === 0));
    texts.forEach((text, number) => {
      const chunk = encoder.encode(text);
      this.#buffers = { [BUFFER.RESPONSE_BODY]: chunk };
      this.#exports.proxy_on_response_body(context, chunk.length, Number(number + 1 === texts.length));
    });
    [this.#maps, this.#buffers] = [{}, {}];
    this.#exports.proxy_on_log(context);
    this.#exports.proxy_on_delete(context);
    return this.#isAnswered;
  }

  tick() {
    this.#exports.proxy_on_tick(ROOT);
  }

  #context(parent) {
    this.#lastContext += 1;
    this.#exports.proxy_on_context_create(this.#lastContext, parent);
    return this.#lastContext;
  }

  // === what the module calls

  #calls() {
    const value = (found, ...at) => (found === undefined ? STATUS.NOT_FOUND : this.#handOut(found, ...at));
    const named = (map, name, size) => this.#maps[map]?.find(([key]) => key === this.#text(name, size));
    return {
      proxy_log: () => STATUS.OK,
      proxy_get_log_level: (at) => this.#write(at, LOG_LEVEL_INFO),
      proxy_get_current_time_nanoseconds: (at) => {
        this.#view().setBigUint64(at, this.#now, true);
        return STATUS.OK;
      },
      proxy_set_tick_period_milliseconds: () => STATUS.OK,
      proxy_get_buffer_bytes: (buffer, start, size, ...at) => value(this.#buffers[buffer]?.subarray(start, start + (size >>> 0)), ...at),
      proxy_set_buffer_bytes: () => STATUS.OK,
      proxy_get_header_map_pairs: (map, ...at) => this.#handOut(serialized(this.#maps[map] ?? []), ...at),
      proxy_get_header_map_value: (map, name, size, ...at) => {
        const pair = named(map, name, size);
        return value(pair && encoder.encode(pair[1]), ...at);
      },
      proxy_remove_header_map_value: (map, name, size) => {
        const removed = this.#text(name, size);
        this.#maps[map] = this.#maps[map]?.filter(([key]) => key !== removed);
        return STATUS.OK;
      },
      proxy_get_property: (path, size, ...at) => {
        const property = this.#properties.get(this.#text(path, size));
        return value(property && encoder.encode(property), ...at);
      },
      proxy_set_property: () => STATUS.OK,
      proxy_get_shared_data: (key, size, data, dataSize, version) => {
        const found = this.#shared.get(this.#text(key, size));
        if (found !== undefined) this.#write(version, found.version);
        return value(found?.bytes, data, dataSize);
      },
      proxy_set_shared_data: (key, keySize, data, size, version) => {
        const name = this.#text(key, keySize);
        const found = this.#shared.get(name);
        if (version !== 0 && found !== undefined && found.version !== version >>> 0) return STATUS.CAS_MISMATCH;
        this.#version += 1;
        this.#shared.set(name, { bytes: this.memory(data, size).slice(), version: this.#version });
        return STATUS.OK;
      },
      proxy_define_metric: (kind, name, size, at) => this.#write(at, (this.#metrics += 1)),
      proxy_increment_metric: () => STATUS.OK,
      proxy_record_metric: () => STATUS.OK,
      proxy_send_local_response: () => {
        this.#isAnswered = true;
        return STATUS.OK;
      },
    };
  }

  #wasi() {
    return {
      environ_sizes_get: (count, size) => this.#write(count, 0) + this.#write(size, 0),
      environ_get: () => 0,
      random_get: (at, size) => {
        for (const place of this.memory(at, size).keys()) {
          this.#random = (Math.imul(this.#random, 1_664_525) + 1_013_904_223) >>> 0;
          this.memory(at + place, 1)[0] = this.#random >>> 24;
        }
        return 0;
      },
    };
  }

  #view() {
    return new DataView(this.#exports.memory.buffer);
  }

  #text(at, size) {
    return decoder.decode(this.memory(at, size));
  }

  #write(at, number) {
    this.#view().setUint32(at, number, true);
    return STATUS.OK;
  }

  // Gives bytes in memory that the module allocates for them.
  #handOut(bytes, at, sizeAt) {
    const place = bytes.length > 0 ? this.#exports.proxy_on_memory_allocate(bytes.length) : 0;
    this.memory(place, bytes.length).set(bytes);
    this.#write(at, place);
    return this.#write(sizeAt, bytes.length);
  }
}
