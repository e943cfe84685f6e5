//! A Wasm filter for Envoy that lets through only the MCP calls a policy permits.

#[cfg(not(target_os = "wasi"))]
pub mod advice;
pub mod amount;
pub mod caller;
#[cfg(not(target_os = "wasi"))]
pub mod cases;
pub mod config;
pub mod engine;
#[cfg(target_os = "wasi")]
mod filter;
pub mod http;
pub mod json;
pub mod limit;
pub mod mcp;
pub mod policy;
pub mod walk;
