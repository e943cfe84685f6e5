//! What the fuzz targets share.
//!
//! * [`Input`]: a request as bytes: header lines, an empty line, a body
//! * [`Allowance`]: a bound on time that grows with the length of an input and nothing else
//! * [`policy_json`]: a compiled policy as a document
//! * [`same`]: whether our tree says what `serde_json`'s says
//! * [`structure`]: a JSON document as the protobuf `Struct` that Envoy makes of it

mod allowance;
mod input;
mod same;
mod structure;

pub use mcp_policy::policy::policy_json::policy_json;

pub use self::{allowance::Allowance, input::Input, same::same, structure::structure};
