//! The `mcp-policy` command.
fn main() {}
