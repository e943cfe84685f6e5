// The reference server `@modelcontextprotocol/server-everything`, as it is published, over streamable HTTP with sessions,
// event streams and an event store.
//
// It would listen everywhere, on a port that it must be told and does not check; here it listens on a free one of this
// machine, and says which.
import { Server } from "node:net";

const { listen } = Server.prototype;
Server.prototype.listen = function (_port, ...rest) {
  this.once("listening", () => console.log(`listening on ${this.address().port}`));
  return listen.call(this, 0, "127.0.0.1", ...rest);
};

await import("@modelcontextprotocol/server-everything/dist/transports/streamableHttp.js");
