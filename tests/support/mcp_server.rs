//! The example MCP server.
fn main() {}
