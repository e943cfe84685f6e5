//! A Wasm filter for Envoy that lets through only the MCP calls a policy permits.

pub mod json;
pub mod limit;
pub mod mcp;
