//! A Wasm filter for Envoy that lets through only the MCP calls a policy permits.
