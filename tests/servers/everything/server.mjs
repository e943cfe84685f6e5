// The reference server `@modelcontextprotocol/server-everything`, as it is published, over streamable HTTP with sessions,
// event streams and an event store.
//
// By itself it listens on every address, on a port from its settings. Here it listens on a free port of loopback, and prints it.
import { Server } from "node:net";

const { listen } = Server.prototype;
Server.prototype.listen = function (_port, ...rest) {
  this.once("listening", () => console.log(`listening on ${this.address().port}`));
  return listen.call(this, 0, "127.0.0.1", ...rest);
};

await import("@modelcontextprotocol/server-everything/dist/transports/streamableHttp.js");
